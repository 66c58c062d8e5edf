#include "sysctl.h"

#include "../kernel/errno.h"

namespace bsdjail {

Outcome read_sysctl(Kernel& kernel, std::string_view name, const std::vector<std::uint8_t>* value,
                    std::vector<std::uint8_t>& old) {
  Outcome outcome;
  for (int tries = 0; tries < 8; ++tries) {
    std::size_t size = 0;
    outcome = kernel.sysctl(name, nullptr, &size, nullptr, 0);
    if (outcome.failed()) return outcome;
    // Some room for a list that grows between the two calls.
    old.assign(size + size / 4 + 16, 0);
    size = old.size();
    outcome = kernel.sysctl(name, old.data(), &size, value == nullptr ? nullptr : value->data(),
                            value == nullptr ? 0 : value->size());
    if (!outcome.failed()) {
      old.resize(size);
      return outcome;
    }
    if (outcome.error != kENOMEM) break;
  }
  old.clear();
  return outcome;
}

Outcome walk_sysctl(Kernel& kernel, std::string_view prefix, std::vector<SysctlEntry>& entries) {
  std::vector<SysctlNode> nodes;
  const Outcome outcome = kernel.sysctl_walk(prefix, nodes);
  if (outcome.failed()) return outcome;
  for (SysctlNode& node : nodes) {
    SysctlEntry entry;
    entry.node = std::move(node);
    read_sysctl(kernel, entry.node.name, nullptr, entry.value);
    entries.push_back(std::move(entry));
  }
  return outcome;
}

}  // namespace bsdjail

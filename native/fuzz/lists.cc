// The raw boundary: jail_set and jail_get with lists of any shape, through the interface that the addon calls.
#include <vector>

#include "../kernel/errno.h"
#include "../kernel/simulated/simulated.h"
#include "input.h"

namespace {

using bsdjail::IoVec;
using bsdjail::fuzz::Input;

constexpr const char* kReleases[] = {"13.2", "14.0", "15.1"};
constexpr const char* kNames[] = {
    "name", "jid", "lastjid", "path", "persist", "nopersist", "errmsg", "ip4.addr", "ip6.addr", "ip4", "ip6", "vnet",
    "host", "host.hostname", "host.hostid", "host.hostuuid", "children.max", "securelevel", "enforce_statfs",
    "devfs_ruleset", "osrelease", "osreldate", "allow.mount", "allow.nomount", "allow.mount.nodevfs", "allow.sysvipc",
    "sysvmsg", "meta", "meta.k", "meta.", "env", "env.K", "desc", "dying", "parent", "cpuset.id", "no.such"};

struct Entry {
  std::vector<char> bytes;
  bool null = false;
  std::size_t length = 0;
};

Entry take_entry(Input& in, bool is_name) {
  Entry entry;
  std::string bytes;
  if (is_name && in.pick(8) != 0) {
    bytes = kNames[in.pick(std::size(kNames))];
    if (in.pick(16) != 0) bytes += '\0';
  } else {
    switch (in.pick(6)) {
      case 0:
        bytes = in.bytes(64);
        break;
      case 1:
        bytes = in.bytes(64) + '\0';
        break;
      case 2:
        bytes.assign(in.number<std::uint16_t>(), static_cast<char>(in.byte()));
        break;
      case 3:
        bytes.assign(4, '\0');
        bytes[0] = static_cast<char>(in.byte());
        break;
      case 4:
        bytes.assign(in.byte(), '\0');
        break;
      default:
        entry.null = true;
        // A length that nothing stands behind: refused before it is followed.
        entry.length = in.pick(2) == 0 ? 0 : in.number<std::uint64_t>();
        break;
    }
  }
  // A block of its own, so that a sanitizer sees every byte too far.
  entry.bytes.assign(bytes.begin(), bytes.end());
  if (!entry.null) entry.length = entry.bytes.size();
  return entry;
}

void call(bsdjail::SimulatedKernel& kernel, Input& in) {
  const bool set = in.pick(2) == 0;
  const int flags = in.pick(4) == 0 ? in.number<int>() : static_cast<int>(in.pick(4) | (in.pick(16) << 4));
  std::size_t count = in.pick(24);
  if (in.pick(64) == 0) count = in.number<std::uint16_t>() % 2200;
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back(take_entry(in, i % 2 == 0));
  std::vector<IoVec> iov;
  for (Entry& entry : entries) {
    // An empty block has an address too, which must not be read.
    static char nothing;
    iov.push_back({entry.null ? nullptr : entry.bytes.empty() ? &nothing : entry.bytes.data(), entry.length});
  }
  const auto outcome = set ? kernel.jail_set(iov.data(), count, flags) : kernel.jail_get(iov.data(), count, flags);
  if (outcome.failed() != (outcome.value == -1)) bsdjail::fuzz::broken("a value and an errno at once");
  if (outcome.failed() && bsdjail::errno_name(outcome.error) == "EUNKNOWN") bsdjail::fuzz::broken("no such errno");
  for (std::size_t i = 0; i < count; ++i) {
    if (entries[i].null || iov[i].len <= entries[i].length) continue;
    bsdjail::fuzz::broken("a length beyond its buffer");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  bsdjail::SimulatedOptions options;
  options.release = kReleases[in.pick(3)];
  std::string problem;
  const auto machine = bsdjail::SimulatedMachine::open(options, problem);
  if (machine == nullptr) bsdjail::fuzz::broken(problem);
  const auto kernel = machine->process(in.pick(8) == 0 ? 1001 : 0);
  for (int calls = 0; calls < 32 && !in.empty(); ++calls) call(*kernel, in);
  return 0;
}

#include "dragonfly_kernel.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../errno.h"
#include "../simulated/options.h"
#include "creation.h"
#include "list.h"
#include "parameters.h"
#include "reading.h"

namespace bsdjail::dragonfly {
namespace {

using simulated::Option;
using simulated::Options;

constexpr int kSetMask = kJailCreate | kJailUpdate | kJailAttach | kJailDying;

bool below_parameters(std::string_view name) {
  return name.size() > kParameterTree.size() + 1 && name.substr(0, kParameterTree.size()) == kParameterTree &&
         name[kParameterTree.size()] == '.';
}

class DragonflyKernel final : public Kernel {
 public:
  explicit DragonflyKernel(std::unique_ptr<System> system) : system_(std::move(system)) {}

  Outcome jail_set(IoVec* iov, std::size_t count, int flags) override {
    return with_options(iov, count, flags, kSetMask, [&](Options& options) {
      const Outcome outcome = set(options, flags);
      if (outcome.failed()) options.copy_out_error(iov);
      return outcome;
    });
  }

  Outcome jail_get(IoVec* iov, std::size_t count, int flags) override {
    return with_options(iov, count, flags, kJailDying, [&](Options& options) {
      const Outcome outcome = read_parameters(*system_, options);
      if (outcome.failed()) {
        options.copy_out_error(iov);
      } else {
        options.copy_out_values(iov);
      }
      return outcome;
    });
  }

  Outcome jail_remove(int jid) override {
    ListedJail jail;
    const Outcome outcome = find_jail(*system_, jid, jail);
    if (outcome.failed()) return outcome.error == kENOENT ? Outcome::fail(kEINVAL) : outcome;
    const Outcome ended = system_->end_processes(jid);
    // Gone meanwhile is what was wanted.
    if (ended.failed() && ended.error != kEINVAL) return ended;
    return Outcome::ok();
  }

  Outcome jail_attach(int jid) override { return system_->attach(jid); }
  Outcome jail_remove_jd(int) override { return Outcome::fail(kENOSYS); }
  Outcome jail_attach_jd(int) override { return Outcome::fail(kENOSYS); }
  Outcome close(int fd) override { return system_->close(fd); }

  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                 std::size_t value_len) override {
    if (!below_parameters(name)) return system_->sysctl(name, old, old_len, value, value_len);
    SysctlNode node;
    const Outcome found = sysctl_describe(name, node);
    if (found.failed()) return found;
    if (value != nullptr) return Outcome::fail(kEPERM);
    const std::string now = parameter_node_value(node);
    if (old_len == nullptr) return Outcome::ok();
    const std::size_t room = *old_len;
    *old_len = now.size();
    if (old == nullptr) return Outcome::ok();
    std::memcpy(old, now.data(), std::min(room, now.size()));
    return room < now.size() ? Outcome::fail(kENOMEM) : Outcome::ok();
  }

  Outcome sysctl_describe(std::string_view name, SysctlNode& node) override {
    if (!below_parameters(name)) return system_->sysctl_describe(name, node);
    for (SysctlNode& each : parameter_nodes(*system_)) {
      if (each.name != name) continue;
      node = std::move(each);
      return Outcome::ok();
    }
    return Outcome::fail(kENOENT);
  }

  Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) override {
    if (prefix != kParameterTree) return system_->sysctl_walk(prefix, nodes);
    for (SysctlNode& node : parameter_nodes(*system_)) nodes.push_back(std::move(node));
    return Outcome::ok();
  }

  Outcome processes(std::vector<ProcessInfo>& list) override { return system_->processes(list); }

  // DragonFly counts nothing.
  Outcome rctl(RctlCall, std::string_view, std::string&) override { return Outcome::fail(kENOSYS); }

  std::unique_ptr<EventQueue> event_queue(Outcome& outcome) override {
    outcome = Outcome::fail(kENOSYS);
    return nullptr;
  }

 private:
  // A flag that this kernel does not have is refused without a word, as older kernels of FreeBSD do.
  template <typename Body>
  Outcome with_options(IoVec* iov, std::size_t count, int flags, int mask, Body&& body) {
    if ((flags & ~mask) != 0) return Outcome::fail(kEINVAL);
    Options options;
    if (int error = options.build(iov, count)) return Outcome::fail(error);
    return body(options);
  }

  Outcome set(Options& options, int flags) {
    if ((flags & (kJailCreate | kJailUpdate)) == 0) {
      options.error("no valid operation (create or update)");
      return Outcome::fail(kEINVAL);
    }
    if ((flags & kJailUpdate) != 0) {
      const Outcome outcome = update_jail(*system_, options);
      // With both flags a jail that is not there is made.
      if ((flags & kJailCreate) == 0 || outcome.error != kENOENT) return entered(outcome, flags);
      options.error("%s", "");
    }
    return create_jail(*system_, options, (flags & kJailAttach) != 0);
  }

  Outcome entered(const Outcome& outcome, int flags) {
    if (outcome.failed() || (flags & kJailAttach) == 0) return outcome;
    const Outcome attached = system_->attach(static_cast<int>(outcome.value));
    return attached.failed() ? attached : outcome;
  }

  const std::unique_ptr<System> system_;
};

}  // namespace
}  // namespace bsdjail::dragonfly

namespace bsdjail {

std::unique_ptr<Kernel> dragonfly_kernel(std::unique_ptr<dragonfly::System> system) {
  return std::make_unique<dragonfly::DragonflyKernel>(std::move(system));
}

}  // namespace bsdjail

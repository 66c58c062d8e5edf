#include "view.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "../../dragonfly/dragonfly_kernel.h"
#include "../../errno.h"
#include "../kernel.h"
#include "calls.h"
#include "sysctl.h"

namespace bsdjail::simulated {
namespace {

// DragonFly's calls, as a process of the machine makes them.
class SimulatedSystem final : public dragonfly::System {
 public:
  SimulatedSystem(std::shared_ptr<Machine> machine, std::shared_ptr<View> view)
      : machine_(std::move(machine)), view_(std::move(view)) {}

  Outcome hold(const dragonfly::NewJail& jail) override {
    return machine_->call("jail", *view_, false, [&](World& world, Process& caller) {
      return dragonfly_hold(world, caller, jail, now_ms());
    });
  }
  Outcome jail(const dragonfly::NewJail& jail) override {
    return machine_->call("jail", *view_, true, [&](World& world, Process& caller) {
      return dragonfly_jail(world, caller, jail);
    });
  }
  Outcome attach(int jid) override {
    return machine_->call("jail_attach", *view_, true, [&](World& world, Process& caller) {
      return dragonfly_attach(world, caller, jid);
    });
  }
  Outcome end_processes(int jid) override {
    return machine_->call("kill", *view_, false, [&](World& world, Process& caller) {
      return dragonfly_end_processes(world, caller, jid);
    });
  }
  Outcome close(int) override { return Outcome::fail(kEBADF); }

  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                 std::size_t value_len) override {
    SimulatedFault fault;
    if (machine_->take_fault("sysctl", fault)) return Outcome::fail(fault.error);
    std::string now;
    const auto body = [&](World& world, Process& caller) {
      now.clear();
      if (int error = dragonfly_read(world, caller, name, now)) return Outcome::fail(error);
      if (old != nullptr && old_len != nullptr && *old_len < now.size()) return Outcome::fail(kENOMEM);
      const int error = value != nullptr ? dragonfly_write(world, caller, name, value, value_len) : 0;
      return error != 0 ? Outcome::fail(error) : Outcome::ok();
    };
    const Outcome outcome = value == nullptr ? machine_->look(*view_, body) : machine_->act(*view_, false, body);
    if (old_len == nullptr || (outcome.failed() && outcome.error != kENOMEM)) return outcome;
    const std::size_t length = old != nullptr ? std::min(*old_len, now.size()) : now.size();
    if (old != nullptr && length > 0) std::memcpy(old, now.data(), length);
    *old_len = length;
    return outcome;
  }

  Outcome processes(std::vector<ProcessInfo>& list) override {
    return machine_->look(*view_, [&](World& world, const Process& caller) {
      for (const auto& [pid, process] : world.processes()) {
        if (process->prison->below(*caller.prison)) list.push_back(process_info(*process));
      }
      return Outcome::ok();
    });
  }

  Outcome sysctl_describe(std::string_view name, SysctlNode& node) override {
    return machine_->read([&](World& world) {
      return dragonfly_describe(world, name, node) ? Outcome::ok() : Outcome::fail(kENOENT);
    });
  }

  Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) override {
    return machine_->read([&](World& world) {
      bool found = prefix.empty();
      for (SysctlNode& node : dragonfly_nodes(world)) {
        const std::string_view name = node.name;
        const bool below = prefix.empty() || (name.substr(0, prefix.size()) == prefix &&
                                              (name.size() == prefix.size() || name[prefix.size()] == '.'));
        if (!below) continue;
        nodes.push_back(std::move(node));
        found = true;
      }
      return found ? Outcome::ok() : Outcome::fail(kENOENT);
    });
  }

 private:
  const std::shared_ptr<Machine> machine_;
  const std::shared_ptr<View> view_;
};

class DragonflyView final : public SimulatedKernel {
 public:
  DragonflyView(std::shared_ptr<Machine> machine, std::shared_ptr<View> view)
      : machine_(std::move(machine)),
        process_(make_process(machine_, view)),
        kernel_(dragonfly_kernel(std::make_unique<SimulatedSystem>(machine_, view))),
        system_(std::make_unique<SimulatedSystem>(machine_, view)) {}

  Outcome jail_set(IoVec* iov, std::size_t count, int flags) override {
    Outcome outcome;
    if (take_fault(*machine_, "jail_set", iov, count, outcome)) return outcome;
    return explained(kernel_->jail_set(iov, count, flags), iov, count);
  }
  Outcome jail_get(IoVec* iov, std::size_t count, int flags) override {
    Outcome outcome;
    if (take_fault(*machine_, "jail_get", iov, count, outcome)) return outcome;
    return explained(kernel_->jail_get(iov, count, flags), iov, count);
  }
  Outcome jail_remove(int jid) override {
    SimulatedFault fault;
    return machine_->take_fault("jail_remove", fault) ? Outcome::fail(fault.error) : kernel_->jail_remove(jid);
  }
  Outcome jail_remove_jd(int fd) override { return kernel_->jail_remove_jd(fd); }
  Outcome jail_attach(int jid) override { return kernel_->jail_attach(jid); }
  Outcome jail_attach_jd(int fd) override { return kernel_->jail_attach_jd(fd); }
  Outcome close(int fd) override { return process_->close(fd); }
  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                 std::size_t value_len) override {
    return kernel_->sysctl(name, old, old_len, value, value_len);
  }
  Outcome sysctl_describe(std::string_view name, SysctlNode& node) override {
    return kernel_->sysctl_describe(name, node);
  }
  Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) override {
    return kernel_->sysctl_walk(prefix, nodes);
  }
  Outcome processes(std::vector<ProcessInfo>& list) override { return process_->processes(list); }
  Outcome rctl(RctlCall call, std::string_view filter, std::string& answer) override {
    return kernel_->rctl(call, filter, answer);
  }
  std::unique_ptr<EventQueue> event_queue(Outcome& outcome) override { return kernel_->event_queue(outcome); }

  Outcome jail(const SimulatedLegacyJail& jail) override {
    dragonfly::NewJail made{jail.path, jail.hostname, {}};
    for (std::size_t at = 0; at + 4 <= jail.ip4.size(); at += 4) made.addresses.push_back({jail.ip4.substr(at, 4)});
    for (std::size_t at = 0; at + 16 <= jail.ip6.size(); at += 16) made.addresses.push_back({jail.ip6.substr(at, 16)});
    return system_->jail(made);
  }

  int pid() override { return process_->pid(); }
  int uid() override { return process_->uid(); }
  int jid() override { return process_->jid(); }
  bool alive() override { return process_->alive(); }
  std::unique_ptr<SimulatedKernel> fork() override { return process_->fork(); }
  void setuid(int uid) override { process_->setuid(uid); }
  void exit() override { process_->exit(); }
  std::shared_ptr<SimulatedMachine> machine() override { return machine_; }

 private:
  Outcome explained(const Outcome& outcome, IoVec* iov, std::size_t count) {
    if (outcome.error == kEIO) explain(*machine_, iov, count);
    return outcome;
  }

  const std::shared_ptr<Machine> machine_;
  const std::unique_ptr<SimulatedKernel> process_;
  const std::unique_ptr<Kernel> kernel_;
  const std::unique_ptr<dragonfly::System> system_;
};

}  // namespace

std::unique_ptr<SimulatedKernel> make_dragonfly_view(std::shared_ptr<Machine> machine, std::shared_ptr<View> view) {
  return std::make_unique<DragonflyView>(std::move(machine), std::move(view));
}

}  // namespace bsdjail::simulated

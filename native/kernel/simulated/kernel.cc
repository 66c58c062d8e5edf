#include "kernel.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "host_process.h"
#include "dragonfly/view.h"
#include "options.h"
#include "queue.h"

namespace bsdjail::simulated {
namespace {

class KernelView final : public SimulatedKernel {
 public:
  KernelView(std::shared_ptr<Machine> machine, std::shared_ptr<View> view)
      : machine_(std::move(machine)), view_(std::move(view)) {}
  ~KernelView() override { leave(); }

  Outcome jail_set(IoVec* iov, std::size_t count, int flags) override;
  Outcome jail_get(IoVec* iov, std::size_t count, int flags) override;
  Outcome jail_remove(int jid) override;
  Outcome jail_remove_jd(int fd) override;
  Outcome jail_attach(int jid) override;
  Outcome jail_attach_jd(int fd) override;
  Outcome close(int fd) override;
  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                 std::size_t value_len) override;
  Outcome sysctl_describe(std::string_view name, SysctlNode& node) override;
  Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) override;
  Outcome processes(std::vector<ProcessInfo>& list) override;
  Outcome rctl(RctlCall call, std::string_view filter, std::string& answer) override;
  std::unique_ptr<EventQueue> event_queue(Outcome& outcome) override;

  Outcome jail(const SimulatedLegacyJail& jail) override;
  int pid() override;
  int uid() override;
  int jid() override;
  bool alive() override;
  std::unique_ptr<SimulatedKernel> fork() override;
  void setuid(int uid) override;
  void exit() override { leave(); }
  std::shared_ptr<SimulatedMachine> machine() override { return machine_; }

 private:
  void leave();

  const std::shared_ptr<Machine> machine_;
  const std::shared_ptr<View> view_;
};

Outcome KernelView::jail_set(IoVec* iov, std::size_t count, int flags) {
  Outcome outcome;
  if (take_fault(*machine_, "jail_set", iov, count, outcome)) return outcome;
  if (int error = Options::precheck(iov, count)) return Outcome::fail(error);
  const bool entered = (flags & (kJailAttach | kJailGetDesc | kJailOwnDesc)) != 0;
  Options options;
  int descriptor = -1;
  bool worked = false;
  outcome = machine_->change(view_.get(), [&](World& world) {
    Process stray;
    Process* caller = Machine::find(world, *view_, stray);
    if (caller == nullptr) return Outcome::fail(kESRCH);
    if (int error = world.precheck_set(*caller, flags)) return Outcome::fail(error);
    if (int error = options.build(iov, count)) return Outcome::fail(error);
    if (entered) caller = &Machine::enter(world, *view_, *caller);
    worked = true;
    return world.jail_set(*caller, options, flags, descriptor);
  });
  if (!outcome.failed()) {
    const Option* desc = descriptor >= 0 ? options.find("desc") : nullptr;
    if (desc != nullptr) std::memcpy(iov[2 * desc->position + 1].base, &descriptor, sizeof(descriptor));
  } else if (outcome.error == kEIO) {
    explain(*machine_, iov, count);
  } else if (worked) {
    options.copy_out_error(iov);
  }
  return outcome;
}

Outcome KernelView::jail_get(IoVec* iov, std::size_t count, int flags) {
  Outcome outcome;
  if (take_fault(*machine_, "jail_get", iov, count, outcome)) return outcome;
  if (int error = Options::precheck(iov, count)) return Outcome::fail(error);
  Options options;
  bool worked = false;
  const auto body = [&](World& world, Process& caller) {
    if ((flags & ~world.get_mask()) != 0) return Outcome::fail(kEINVAL);
    if ((flags & kJailUseDesc) != 0 && (flags & kJailAtDesc) != 0) return Outcome::fail(kEINVAL);
    if (int error = options.build(iov, count)) return Outcome::fail(error);
    worked = true;
    return world.jail_get(caller, options, flags);
  };
  if ((flags & (kJailGetDesc | kJailOwnDesc)) != 0) {
    outcome = machine_->change(view_.get(), [&](World& world) {
      Process stray;
      Process* caller = Machine::find(world, *view_, stray);
      if (caller == nullptr) return Outcome::fail(kESRCH);
      return body(world, Machine::enter(world, *view_, *caller));
    });
  } else {
    outcome = machine_->read([&](World& world) {
      Process stray;
      Process* caller = Machine::find(world, *view_, stray);
      return caller == nullptr ? Outcome::fail(kESRCH) : body(world, *caller);
    });
  }
  if (!outcome.failed()) {
    options.copy_out_values(iov);
  } else if (outcome.error == kEIO) {
    explain(*machine_, iov, count);
  } else if (worked) {
    options.copy_out_error(iov);
  }
  return outcome;
}

Outcome KernelView::jail_remove(int jid) {
  return machine_->call("jail_remove", *view_, false, [&](World& world, Process& caller) {
    return world.jail_remove(caller, jid);
  });
}

Outcome KernelView::jail_remove_jd(int fd) {
  return machine_->call("jail_remove_jd", *view_, false, [&](World& world, Process& caller) {
    return world.jail_remove_descriptor(caller, fd);
  });
}

Outcome KernelView::jail_attach(int jid) {
  return machine_->call("jail_attach", *view_, true, [&](World& world, Process& caller) {
    return world.jail_attach(caller, jid);
  });
}

Outcome KernelView::jail_attach_jd(int fd) {
  return machine_->call("jail_attach_jd", *view_, true, [&](World& world, Process& caller) {
    return world.jail_attach_descriptor(caller, fd);
  });
}

Outcome KernelView::close(int fd) {
  std::uint64_t serial = 0;
  const Outcome outcome = machine_->call("close", *view_, false, [&](World& world, Process& caller) {
    serial = caller.serial;
    return world.close(caller, fd);
  });
  if (!outcome.failed()) machine_->forget_descriptor(serial, fd);
  return outcome;
}

Outcome KernelView::sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                           std::size_t value_len) {
  SimulatedFault fault;
  if (machine_->take_fault("sysctl", fault)) return Outcome::fail(fault.error);
  const SysctlNode* node = nullptr;
  bool above = false;
  for (const SysctlNode& known : machine_->nodes()) {
    if (known.name == name) node = &known;
    const std::string_view other = known.name;
    above = above || (other.size() > name.size() && other.substr(0, name.size()) == name && other[name.size()] == '.');
  }
  if (node == nullptr) return Outcome::fail(above ? kEISDIR : kENOENT);
  std::string now;
  const auto body = [&](World& world, const Process& caller) {
    if (value != nullptr) {
      const bool here = caller.prison == &world.prisons().host() || (node->kind & kSysctlPrison) != 0;
      if ((node->kind & kSysctlWritable) == 0 || !here || !world.privileged(caller)) return Outcome::fail(kEPERM);
    }
    if (!sysctl_read(world, caller, *node, now)) return Outcome::fail(kENOENT);
    if (old != nullptr && old_len != nullptr && *old_len < now.size()) return Outcome::fail(kENOMEM);
    const int error = value != nullptr ? sysctl_write(world, *caller.prison, *node, value, value_len) : 0;
    return error != 0 ? Outcome::fail(error) : Outcome::ok();
  };
  const Outcome outcome = value == nullptr ? machine_->look(*view_, body) : machine_->act(*view_, false, body);
  if (old_len == nullptr || (outcome.failed() && outcome.error != kENOMEM)) return outcome;
  // What fits is handed over, also where that is not all.
  const std::size_t length = old != nullptr ? std::min(*old_len, now.size()) : now.size();
  if (old != nullptr && length > 0) std::memcpy(old, now.data(), length);
  *old_len = length;
  return outcome;
}

Outcome KernelView::sysctl_describe(std::string_view name, SysctlNode& node) {
  for (const SysctlNode& known : machine_->nodes()) {
    if (known.name != name) continue;
    node = known;
    return Outcome::ok();
  }
  return Outcome::fail(kENOENT);
}

Outcome KernelView::sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) {
  bool found = prefix.empty();
  for (const SysctlNode& known : machine_->nodes()) {
    const std::string_view name = known.name;
    const bool below = prefix.empty() || (name.substr(0, prefix.size()) == prefix &&
                                          (name.size() == prefix.size() || prefix.back() == '.' ||
                                           name[prefix.size()] == '.'));
    if (!below) continue;
    nodes.push_back(known);
    found = true;
  }
  return found ? Outcome::ok() : Outcome::fail(kENOENT);
}

Outcome KernelView::processes(std::vector<ProcessInfo>& list) {
  SimulatedFault fault;
  if (machine_->take_fault("sysctl", fault)) return Outcome::fail(fault.error);
  return machine_->look(*view_, [&](World& world, const Process& caller) {
    for (const auto& [pid, process] : world.processes()) {
      if (process->prison->below(*caller.prison)) list.push_back(process_info(*process));
    }
    return Outcome::ok();
  });
}

Outcome KernelView::rctl(RctlCall call, std::string_view filter, std::string& answer) {
  static constexpr const char* kCalls[] = {"rctl_get_racct", "rctl_get_rules", "rctl_add_rule", "rctl_remove_rule"};
  return machine_->call(kCalls[static_cast<int>(call)], *view_, false, [&](World& world, Process& caller) {
    return limits_call(world, caller, call, filter, now_ms(), answer);
  });
}

std::unique_ptr<EventQueue> KernelView::event_queue(Outcome& outcome) {
  std::unique_ptr<Queue> queue;
  outcome = machine_->read([&](World& world) {
    if (!world.release().events()) return Outcome::fail(kENOSYS);
    queue = std::make_unique<Queue>(machine_, view_);
    machine_->attach_queue(queue.get());
    return Outcome::ok();
  });
  return queue;
}

Outcome KernelView::jail(const SimulatedLegacyJail& jail) {
  if (jail.path.size() >= kMaxPath || jail.hostname.size() >= kMaxHostName) return Outcome::fail(kENAMETOOLONG);
  if (jail.name && jail.name->size() >= kMaxHostName) return Outcome::fail(kENAMETOOLONG);
  std::vector<std::string> names;
  std::uint32_t most = 0;
  int enforce_statfs = 0;
  const Outcome known = machine_->look(*view_, [&](World& world, const Process& caller) {
    most = world.tunables.max_addresses;
    enforce_statfs = world.tunables.default_enforce_statfs;
    if (caller.prison != &world.prisons().host()) return Outcome::ok();
    for (std::size_t i = 0; i < world.permissions().size(); ++i) {
      const Permission& permission = world.permissions()[i];
      names.push_back((world.tunables.default_allow >> i & 1) != 0 ? permission.name : permission.no_name);
    }
    return Outcome::ok();
  });
  if (known.failed()) return known;
  if (jail.ip4.size() / 4 > most || jail.ip6.size() / 16 > most) return Outcome::fail(kEINVAL);

  std::vector<IoVec> iov;
  const auto add = [&iov](const char* name, const void* value, std::size_t length) {
    iov.push_back({const_cast<char*>(name), std::strlen(name) + 1});
    iov.push_back({length == 0 ? nullptr : const_cast<void*>(value), length});
  };
  for (const std::string& name : names) add(name.c_str(), nullptr, 0);
  if (!names.empty()) add("enforce_statfs", &enforce_statfs, sizeof(enforce_statfs));
  add("path", jail.path.c_str(), jail.path.size() + 1);
  add("host.hostname", jail.hostname.c_str(), jail.hostname.size() + 1);
  if (jail.name) add("name", jail.name->c_str(), jail.name->size() + 1);
  add("ip4.addr", jail.ip4.data(), jail.ip4.size());
  add("ip6.addr", jail.ip6.data(), jail.ip6.size());
  return jail_set(iov.data(), iov.size(), kJailCreate | kJailAttach);
}

int KernelView::pid() {
  int pid = 0;
  machine_->change(view_.get(), [&](World& world) {
    Process stray;
    Process* caller = Machine::find(world, *view_, stray);
    pid = caller == nullptr ? view_->pid : Machine::enter(world, *view_, *caller).pid;
    return Outcome::ok();
  });
  return pid;
}

int KernelView::uid() {
  int uid = 0;
  machine_->read([&](World&) {
    uid = view_->uid;
    return Outcome::ok();
  });
  return uid;
}

int KernelView::jid() {
  int jid = 0;
  machine_->look(*view_, [&](World&, const Process& caller) {
    jid = caller.prison->jid;
    return Outcome::ok();
  });
  return jid;
}

bool KernelView::alive() {
  const Outcome outcome = machine_->look(*view_, [](World&, const Process&) { return Outcome::ok(); });
  return outcome.error != kESRCH;
}

std::unique_ptr<SimulatedKernel> KernelView::fork() {
  View child;
  machine_->change(&child, [&](World& world) {
    Process stray;
    const Process* caller = Machine::find(world, *view_, stray);
    child.uid = view_->uid;
    child.ended = caller == nullptr;
    if (caller == nullptr || view_->pid == 0) return Outcome::ok();
    auto copy = std::make_unique<Process>(*caller);
    copy->serial = 0;
    copy->parent = caller->pid;
    copy->pid = world.new_pid();
    copy->spawned = false;
    // After the host's own fork this is the child.
    copy->host_pid = static_cast<int>(::getpid());
    copy->host_start = host_process_start(copy->host_pid);
    const Process& placed = world.enter(std::move(copy));
    child.pid = placed.pid;
    child.serial = placed.serial;
    return Outcome::ok();
  });
  return make_kernel(machine_, child);
}

void KernelView::setuid(int uid) {
  machine_->change(view_.get(), [&](World& world) {
    view_->uid = uid;
    if (Process* entered = world.process(view_->pid, view_->serial)) {
      entered->uid = uid;
      entered->user = uid == 0 ? "root" : std::to_string(uid);
      world.dirty = true;
    }
    return Outcome::ok();
  });
}

void KernelView::leave() {
  machine_->change(view_.get(), [&](World& world) {
    if (view_->pid != 0 && world.process(view_->pid, view_->serial) != nullptr) world.end(view_->pid);
    view_->ended = true;
    return Outcome::ok();
  });
}

}  // namespace

bool take_fault(Machine& machine, const char* call, IoVec* iov, std::size_t count, Outcome& outcome) {
  SimulatedFault fault;
  if (!machine.take_fault(call, fault)) return false;
  outcome = Outcome::fail(fault.error);
  Options options;
  if (!fault.message.empty() && options.build(iov, count) == 0) {
    options.error("%s", fault.message.c_str());
    options.copy_out_error(iov);
  }
  return true;
}

void explain(Machine& machine, IoVec* iov, std::size_t count) {
  Options options;
  const std::string problem = machine.problem();
  if (problem.empty() || options.build(iov, count) != 0) return;
  options.error("%s", problem.c_str());
  options.copy_out_error(iov);
}

std::unique_ptr<SimulatedKernel> make_process(std::shared_ptr<Machine> machine, std::shared_ptr<View> view) {
  return std::make_unique<KernelView>(std::move(machine), std::move(view));
}

std::unique_ptr<SimulatedKernel> make_kernel(std::shared_ptr<Machine> machine, const View& view) {
  auto shared = std::make_shared<View>(view);
  if (machine->dragonfly()) return make_dragonfly_view(std::move(machine), std::move(shared));
  return make_process(std::move(machine), std::move(shared));
}

}  // namespace bsdjail::simulated

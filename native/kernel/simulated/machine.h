// SimulatedMachine as it is made: the world behind a lock, a state file behind that where there is one, faults, and
// the queues that wait for events.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "../errno.h"
#include "events.h"
#include "faults.h"
#include "simulated.h"
#include "state_file.h"
#include "state_text.h"
#include "sysctl.h"
#include "world.h"

namespace bsdjail::simulated {

class Queue;

// Milliseconds since the epoch.
std::int64_t now_ms();
ProcessInfo process_info(const Process& process);

// How a process is known to the machine: not at all (pid 0) until it holds something.
struct View {
  int pid = 0;
  std::uint64_t serial = 0;
  int uid = 0;
  bool ended = false;
};

class Machine final : public SimulatedMachine {
 public:
  static std::shared_ptr<SimulatedMachine> make(const SimulatedOptions& options, std::string& problem);

  std::unique_ptr<SimulatedKernel> process(int uid) override;
  std::unique_ptr<SimulatedKernel> resume(int uid) override;
  std::string release() override;
  std::string problem() override;
  std::vector<ProcessInfo> processes() override;
  Outcome spawn(const SimulatedProcess& process) override;
  Outcome exit(int pid) override;
  Outcome kill(int pid, int signal) override;
  Outcome kill_jail(int jid, int signal, bool children) override;
  void add_fault(const SimulatedFault& fault) override { faults_.add(fault); }
  void clear_faults() override { faults_.clear(); }
  Outcome hold_dying(int jid) override;
  Outcome finish_dying(int jid) override;

  // Runs body(world) on the machine as it is now, and keeps what it changed: an Outcome, EIO where the state file fails,
  // and then nothing has changed. What `view` has become in a body that was lost is undone.
  template <typename Body>
  Outcome read(Body&& body);
  template <typename Body>
  Outcome change(View* view, Body&& body);

  // A system call of the process that `view` is known as: body(world, caller), with the caller in the table of processes
  // where `entered`. ESRCH where that process has ended. `call` runs into faults, `act` does not; `look` changes nothing.
  template <typename Body>
  Outcome call(const char* name, View& view, bool entered, Body&& body);
  template <typename Body>
  Outcome act(View& view, bool entered, Body&& body);
  template <typename Body>
  Outcome look(View& view, Body&& body);

  // The fault that this call runs into, if any.
  bool take_fault(const char* call, SimulatedFault& fault) { return faults_.take(call, fault); }

  const std::vector<SysctlNode>& nodes() const { return nodes_; }
  bool dragonfly() const { return dragonfly_; }
  bool shared() const { return file_ != nullptr; }

  // The caller as a process; null for one that has ended. Until it is entered it lives in `stray`.
  static Process* find(World& world, View& view, Process& stray);
  static Process& enter(World& world, View& view, Process& process);

  void attach_queue(Queue* queue);
  void detach_queue(Queue* queue);
  // Looks whether another process has changed the state file.
  void poll();
  void forget_descriptor(std::uint64_t process, int fd);

 private:
  friend class Queue;

  // Takes in what other processes have changed. Where the caller may change the machine too (`locked`), processes whose
  // host process has ended are ended as well.
  bool refresh(bool locked);
  bool stale() const;
  bool commit();
  void reap();
  void deliver();

  std::mutex mutex_;
  std::unique_ptr<World> world_;
  std::unique_ptr<StateFile> file_;
  std::vector<SysctlNode> nodes_;
  bool dragonfly_ = false;
  std::string problem_;
  Faults faults_;
  std::vector<Queue*> queues_;
  std::deque<NumberedNote> recent_;  // what other processes may not have read yet
  std::uint64_t last_note_ = 0;
};

template <typename Body>
Outcome Machine::read(Body&& body) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (!refresh(false)) return Outcome::fail(kEIO);
    if (!stale()) return body(*world_);
  }
  return change(nullptr, body);
}

template <typename Body>
Outcome Machine::change(View* view, Body&& body) {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::unique_ptr<FileLock> lock;
  if (file_ != nullptr) {
    lock = file_->lock(problem_);
    if (lock == nullptr) return Outcome::fail(kEIO);
  }
  if (!refresh(true)) return Outcome::fail(kEIO);
  const View before = view != nullptr ? *view : View();
  const Outcome outcome = body(*world_);
  if (!commit()) {
    if (view != nullptr) *view = before;
    return Outcome::fail(kEIO);
  }
  return outcome;
}

template <typename Body>
Outcome Machine::call(const char* name, View& view, bool entered, Body&& body) {
  SimulatedFault fault;
  if (take_fault(name, fault)) return Outcome::fail(fault.error);
  return act(view, entered, body);
}

template <typename Body>
Outcome Machine::act(View& view, bool entered, Body&& body) {
  return change(&view, [&](World& world) {
    Process stray;
    Process* caller = find(world, view, stray);
    if (caller == nullptr) return Outcome::fail(kESRCH);
    if (entered) caller = &enter(world, view, *caller);
    return body(world, *caller);
  });
}

template <typename Body>
Outcome Machine::look(View& view, Body&& body) {
  return read([&](World& world) {
    Process stray;
    Process* caller = find(world, view, stray);
    if (caller == nullptr) return Outcome::fail(kESRCH);
    return body(world, *caller);
  });
}

}  // namespace bsdjail::simulated

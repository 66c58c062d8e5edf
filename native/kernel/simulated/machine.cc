#include "machine.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "host_process.h"
#include "kernel.h"
#include "queue.h"

namespace bsdjail::simulated {
namespace {

constexpr int kSignalKill = 9;
constexpr int kSignalMax = 128;

void set_facts(World& world, const SimulatedOptions& options) {
  Prison& host = world.prisons().host();
  host.hostname = options.hostname.substr(0, kMaxHostName - 1);
  host.domainname = options.domainname.substr(0, kMaxHostName - 1);
  host.hostuuid = options.hostuuid.substr(0, kMaxUuid - 1);
  host.hostid = options.hostid;
  host.osrelease = options.osrelease.empty() ? world.release().version() + "-RELEASE" : options.osrelease;
  host.osrelease.resize(std::min(host.osrelease.size(), kMaxOsRelease - 1));
  host.osreldate = options.osreldate != 0 ? options.osreldate : world.release().osreldate;
  world.paths = options.paths;
  world.prisons().last_jid = options.last_jid;
  world.prisons().last_dead_jid = options.last_dead_jid;
  world.first_descriptor = options.first_descriptor;
  world.accounts = options.accounts;
}

// Signals that by default do nothing (URG, CONT, CHLD, IO, WINCH, INFO) or only stop a process (STOP, TSTP, TTIN, TTOU).
bool ends_nothing(int signal) {
  static constexpr int kHarmless[] = {0, 16, 17, 18, 19, 20, 21, 22, 23, 28, 29};
  return std::find(std::begin(kHarmless), std::end(kHarmless), signal) != std::end(kHarmless);
}

// Ends a process, unless it ignores the signal; true where it ended.
void signal_process(World& world, int pid, int signal) {
  const Process& process = *world.processes().at(pid);
  const auto& ignored = process.ignores;
  const bool ignores = std::find(ignored.begin(), ignored.end(), signal) != ignored.end();
  if (!ends_nothing(signal) && (signal == kSignalKill || !ignores)) world.end(pid);
}

}  // namespace

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ProcessInfo process_info(const Process& process) {
  return {process.pid,  process.parent,  process.prison->jid, process.uid,
          process.user, process.command, process.started_ms,  process.host_pid};
}

std::shared_ptr<SimulatedMachine> Machine::make(const SimulatedOptions& options, std::string& problem) {
  const Release* release = options.release.empty() ? find_release("15.1") : find_release(options.release);
  if (release == nullptr) {
    problem = "no simulation of release \"" + options.release +
              "\": FreeBSD 13.0 to 15.1 are known, and dragonfly-5.8 to dragonfly-6.5";
    return nullptr;
  }
  if (options.last_jid < 0 || options.last_dead_jid < 0 || options.first_descriptor < 0) {
    problem = "last_jid, last_dead_jid and first_descriptor cannot be negative";
    return nullptr;
  }
  auto machine = std::make_shared<Machine>();
  machine->faults_ = options.faults;
  if (!options.state_file.empty()) {
    machine->file_ = std::make_unique<StateFile>(options.state_file);
    const auto lock = machine->file_->lock(problem);
    if (lock == nullptr) return nullptr;
    const auto change = machine->file_->look(problem);
    if (change == StateFile::Change::kFailed) return nullptr;
    if (change == StateFile::Change::kMissing) {
      machine->world_ = std::make_unique<World>(*release);
      set_facts(*machine->world_, options);
      machine->world_->dirty = true;
      if (!machine->commit()) {
        problem = machine->problem_;
        return nullptr;
      }
    } else if (!machine->refresh(true)) {
      problem = machine->problem_;
      return nullptr;
    }
    if (!options.release.empty() && release->number != machine->world_->release().number) {
      problem = "state file " + options.state_file + " is a machine of release " + machine->world_->release().text() +
                ", not " + release->text();
      return nullptr;
    }
  } else {
    machine->world_ = std::make_unique<World>(*release);
    set_facts(*machine->world_, options);
  }
  machine->dragonfly_ = machine->world_->release().dragonfly;
  if (!machine->dragonfly_) machine->nodes_ = sysctl_nodes(machine->world_->release());
  return machine;
}

bool Machine::refresh(bool locked) {
  if (file_ == nullptr) {
    if (locked) reap();
    return true;
  }
  switch (file_->look(problem_)) {
    case StateFile::Change::kNone:
      break;
    case StateFile::Change::kMissing:
      problem_ = "state file " + file_->path() + " is gone";
      return false;
    case StateFile::Change::kFailed:
      return false;
    case StateFile::Change::kChanged: {
      std::string text;
      std::deque<NumberedNote> notes;
      std::uint64_t last = 0;
      if (!file_->load(text, problem_)) return false;
      auto world = read_state(text, notes, last, problem_);
      if (world == nullptr) {
        problem_ = "state file " + file_->path() + ": " + problem_;
        file_->forget();
        return false;
      }
      world_ = std::move(world);
      const std::uint64_t seen = last_note_;
      recent_ = std::move(notes);
      last_note_ = last;
      const bool whole = seen >= last || (!recent_.empty() && recent_.front().number <= seen + 1);
      for (Queue* queue : queues_) {
        if (!whole) {
          queue->resync(*world_);
          continue;
        }
        for (const NumberedNote& note : recent_) {
          if (note.number > seen) queue->deliver(note.note);
        }
      }
      break;
    }
  }
  problem_.clear();
  if (locked) reap();
  return true;
}

bool Machine::stale() const {
  const int self = static_cast<int>(::getpid());
  for (const auto& [pid, process] : world_->processes()) {
    if (process->host_pid == 0 || process->host_pid == self) continue;
    if (::kill(process->host_pid, 0) != 0 && errno != EPERM) return true;
  }
  return false;
}

void Machine::reap() {
  // Processes whose host process has ended did so without a word.
  std::vector<int> gone;
  for (const auto& [pid, process] : world_->processes()) {
    if (process->host_pid != 0 && !host_process_runs(process->host_pid, process->host_start)) gone.push_back(pid);
  }
  for (int pid : gone) world_->end(pid);
}

bool Machine::commit() {
  World& world = *world_;
  if (file_ == nullptr) {
    deliver();
    world.dirty = false;
    return true;
  }
  if (!world.dirty) return true;
  std::deque<NumberedNote> notes = recent_;
  std::uint64_t last = last_note_;
  for (const NoteEntry& note : world.notes) notes.push_back({++last, note});
  while (notes.size() > kKeptNotes) notes.pop_front();
  if (!file_->store(write_state(world, notes, last), problem_)) {
    // What is in memory is ahead of the file now: drop it at the next call.
    file_->forget();
    return false;
  }
  world.dirty = false;
  recent_ = std::move(notes);
  last_note_ = last;
  deliver();
  return true;
}

void Machine::deliver() {
  for (const NoteEntry& note : world_->notes) {
    for (Queue* queue : queues_) queue->deliver(note);
  }
  world_->notes.clear();
}

void Machine::poll() {
  if (file_ == nullptr) return;
  read([](World&) { return Outcome::ok(); });
}

Process* Machine::find(World& world, View& view, Process& stray) {
  if (view.ended) return nullptr;
  if (view.pid != 0) return world.process(view.pid, view.serial);
  stray.prison = &world.prisons().host();
  stray.uid = view.uid;
  return &stray;
}

Process& Machine::enter(World& world, View& view, Process& process) {
  if (view.pid != 0) return process;
  auto entered = std::make_unique<Process>();
  entered->pid = world.new_pid();
  entered->uid = view.uid;
  entered->prison = &world.prisons().host();
  entered->user = view.uid == 0 ? "root" : std::to_string(view.uid);
  entered->started_ms = now_ms();
  entered->host_pid = static_cast<int>(::getpid());
  entered->host_start = host_process_start(entered->host_pid);
  Process& placed = world.enter(std::move(entered));
  view.pid = placed.pid;
  view.serial = placed.serial;
  return placed;
}

std::unique_ptr<SimulatedKernel> Machine::process(int uid) {
  View view;
  view.uid = uid;
  return make_kernel(std::static_pointer_cast<Machine>(shared_from_this()), view);
}

std::unique_ptr<SimulatedKernel> Machine::resume(int uid) {
  View view;
  view.uid = uid;
  const int self = static_cast<int>(::getpid());
  const std::uint64_t start = host_process_start(self);
  read([&](World& world) {
    for (const auto& [pid, process] : world.processes()) {
      if (process->spawned || process->host_pid != self || process->host_start != start) continue;
      view = {pid, process->serial, process->uid, false};
    }
    return Outcome::ok();
  });
  return make_kernel(std::static_pointer_cast<Machine>(shared_from_this()), view);
}

std::string Machine::release() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return world_->release().text();
}

std::string Machine::problem() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return problem_;
}

std::vector<ProcessInfo> Machine::processes() {
  std::vector<ProcessInfo> list;
  change(nullptr, [&](World& world) {
    for (const auto& [pid, process] : world.processes()) {
      if (!process->spawned && process->prison == &world.prisons().host()) continue;
      list.push_back(process_info(*process));
    }
    return Outcome::ok();
  });
  return list;
}

Outcome Machine::spawn(const SimulatedProcess& process) {
  return change(nullptr, [&](World& world) {
    Prison* prison = process.jid == 0 ? &world.prisons().host() : world.prisons().at(process.jid);
    if (prison == nullptr) return Outcome::fail(kENOENT);
    if (!prison->alive()) return Outcome::fail(kEINVAL);
    if (process.pid < 0 || process.uid < 0) return Outcome::fail(kEINVAL);
    if (process.pid != 0 && world.processes().count(process.pid) != 0) return Outcome::fail(kEEXIST);
    if (denies_process(world, *prison)) return Outcome::fail(kEAGAIN);
    auto entered = std::make_unique<Process>();
    entered->pid = process.pid != 0 ? process.pid : world.new_pid();
    if (entered->pid == 0) return Outcome::fail(kEAGAIN);
    entered->prison = prison;
    entered->uid = process.uid;
    entered->user = process.user;
    entered->command = process.command;
    entered->ignores = process.ignores;
    entered->started_ms = process.started_ms != 0 ? process.started_ms : now_ms();
    entered->host_pid = process.host_pid;
    entered->host_start = process.host_pid != 0 ? host_process_start(process.host_pid) : 0;
    entered->spawned = true;
    const int pid = world.enter(std::move(entered)).pid;
    if (process.attaches) world.note(*prison, kNoteAttach, pid);
    return Outcome::ok(pid);
  });
}

Outcome Machine::exit(int pid) {
  return change(nullptr, [&](World& world) {
    if (world.processes().count(pid) == 0) return Outcome::fail(kESRCH);
    world.end(pid);
    return Outcome::ok();
  });
}

Outcome Machine::kill(int pid, int signal) {
  return change(nullptr, [&](World& world) {
    if (signal < 0 || signal > kSignalMax) return Outcome::fail(kEINVAL);
    if (world.processes().count(pid) == 0) return Outcome::fail(kESRCH);
    signal_process(world, pid, signal);
    return Outcome::ok();
  });
}

Outcome Machine::kill_jail(int jid, int signal, bool children) {
  return change(nullptr, [&](World& world) {
    if (signal < 0 || signal > kSignalMax) return Outcome::fail(kEINVAL);
    const Prison* prison = world.prisons().at(jid);
    if (prison == nullptr) return Outcome::fail(kENOENT);
    std::vector<int> pids;
    for (const auto& [pid, process] : world.processes()) {
      if (process->prison == prison || (children && process->prison->below(*prison))) pids.push_back(pid);
    }
    for (int pid : pids) {
      if (world.processes().count(pid) != 0) signal_process(world, pid, signal);
    }
    return Outcome::ok(static_cast<std::int64_t>(pids.size()));
  });
}

void Machine::add_fault(const SimulatedFault& fault) {
  const std::lock_guard<std::mutex> guard(mutex_);
  faults_.push_back(fault);
}

void Machine::clear_faults() {
  const std::lock_guard<std::mutex> guard(mutex_);
  faults_.clear();
}

bool Machine::take_fault(const char* call, SimulatedFault& fault) {
  const std::lock_guard<std::mutex> guard(mutex_);
  bool taken = false;
  for (std::size_t i = 0; i < faults_.size();) {
    SimulatedFault& waiting = faults_[i];
    if (!waiting.call.empty() && waiting.call != call) {
      ++i;
      continue;
    }
    if (waiting.nth > 1) {
      --waiting.nth;
      ++i;
      continue;
    }
    if (!taken) fault = waiting;
    taken = true;
    if (waiting.repeat) {
      ++i;
    } else {
      faults_.erase(faults_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return taken;
}

Outcome Machine::hold_dying(int jid) {
  return change(nullptr, [&](World& world) {
    Prison* prison = world.prisons().at(jid);
    if (prison == nullptr) return Outcome::fail(kENOENT);
    world.prisons().hold(*prison, false);
    ++prison->kept;
    world.dirty = true;
    return Outcome::ok();
  });
}

Outcome Machine::finish_dying(int jid) {
  return change(nullptr, [&](World& world) {
    Prison* prison = world.prisons().at(jid);
    if (prison == nullptr || prison->kept == 0) return Outcome::fail(kENOENT);
    --prison->kept;
    world.dirty = true;
    world.prisons().drop(*prison, false);
    return Outcome::ok();
  });
}

void Machine::attach_queue(Queue* queue) { queues_.push_back(queue); }

void Machine::detach_queue(Queue* queue) {
  const std::lock_guard<std::mutex> guard(mutex_);
  queues_.erase(std::remove(queues_.begin(), queues_.end(), queue), queues_.end());
}

void Machine::forget_descriptor(std::uint64_t process, int fd) {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (Queue* queue : queues_) queue->forget_descriptor(process, fd);
}

}  // namespace bsdjail::simulated

namespace bsdjail {

std::shared_ptr<SimulatedMachine> SimulatedMachine::open(const SimulatedOptions& options, std::string& problem) {
  return simulated::Machine::make(options, problem);
}

}  // namespace bsdjail

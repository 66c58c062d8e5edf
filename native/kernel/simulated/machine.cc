#include "machine.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "host_process.h"
#include "queue.h"

namespace bsdjail::simulated {
namespace {

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

}  // namespace

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
  for (const SimulatedFault& fault : options.faults) machine->faults_.add(fault);
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

std::string Machine::release() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return world_->release().text();
}

std::string Machine::problem() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return problem_;
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

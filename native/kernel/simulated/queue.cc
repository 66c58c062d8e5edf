#include "queue.h"

#include <algorithm>
#include <chrono>

namespace bsdjail::simulated {
namespace {

// How often a waiting queue looks at a shared state file, which does not tell of its changes.
constexpr std::chrono::milliseconds kLook{25};

}  // namespace

Queue::Queue(std::shared_ptr<Machine> machine, std::shared_ptr<View> view)
    : machine_(std::move(machine)), view_(std::move(view)) {}

Queue::~Queue() { machine_->detach_queue(this); }

Outcome Queue::add_jail(int jid, std::uint32_t fflags) {
  SimulatedFault fault;
  if (machine_->take_fault("kevent", fault)) return Outcome::fail(fault.error);
  return machine_->read([&](World& world) {
    Process stray;
    const Process* caller = Machine::find(world, *view_, stray);
    if (caller == nullptr) return Outcome::fail(kESRCH);
    const std::lock_guard<std::mutex> guard(mutex_);
    if (filters_.change(false, jid, fflags)) return Outcome::ok();
    const Prison* prison = jid == 0 ? caller->prison : world.prisons().find_below(*caller->prison, jid);
    if (prison == nullptr || (jid != 0 && !prison->alive())) return Outcome::fail(kENOENT);
    filters_.add(false, jid, prison->serial, fflags);
    return Outcome::ok();
  });
}

Outcome Queue::add_descriptor(int fd, std::uint32_t fflags) {
  SimulatedFault fault;
  if (machine_->take_fault("kevent", fault)) return Outcome::fail(fault.error);
  const Outcome outcome = machine_->read([&](World& world) {
    Process stray;
    const Process* caller = Machine::find(world, *view_, stray);
    if (caller == nullptr) return Outcome::fail(kESRCH);
    const auto descriptor = world.descriptor(*caller, fd);
    if (descriptor == nullptr) return Outcome::fail(kEBADF);
    const std::lock_guard<std::mutex> guard(mutex_);
    if (filters_.change(true, fd, fflags)) return Outcome::ok();
    if (descriptor->prison != nullptr) {
      filters_.add(true, fd, descriptor->prison->serial, fflags);
    } else {
      filters_.add_dead(fd, fflags);
    }
    return Outcome::ok();
  });
  changed_.notify_all();
  return outcome;
}

Outcome Queue::wait(std::vector<JailEvent>& events, int timeout_ms) {
  const bool limited = timeout_ms >= 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(limited ? timeout_ms : 0);
  for (;;) {
    if (machine_->shared()) machine_->poll();
    std::unique_lock<std::mutex> lock(mutex_);
    const auto ready = [this] { return woken_ || filters_.pending(); };
    if (!machine_->shared()) {
      if (!limited) {
        changed_.wait(lock, ready);
      } else {
        changed_.wait_until(lock, end, ready);
      }
    } else if (!ready()) {
      const auto look = std::chrono::steady_clock::now() + kLook;
      changed_.wait_until(lock, limited ? std::min(look, end) : look, ready);
    }
    if (ready() || (limited && std::chrono::steady_clock::now() >= end)) {
      woken_ = false;
      return Outcome::ok(static_cast<std::int64_t>(filters_.take(events)));
    }
  }
}

void Queue::wake() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Queue::deliver(const NoteEntry& note) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    filters_.deliver(note);
  }
  changed_.notify_all();
}

void Queue::resync(World& world) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    filters_.resync(world);
  }
  changed_.notify_all();
}

void Queue::forget_descriptor(std::uint64_t process, int fd) {
  if (view_->serial != process) return;
  const std::lock_guard<std::mutex> guard(mutex_);
  filters_.remove_descriptor(fd);
}

}  // namespace bsdjail::simulated

// What a simulated machine knows of processes: those that hold jails here, and those that it is told of.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "host_process.h"
#include "kernel.h"
#include "machine.h"

namespace bsdjail::simulated {
namespace {

constexpr int kSignalKill = 9;
constexpr int kSignalMax = 128;

// Signals that by default do nothing (URG, CONT, CHLD, IO, WINCH, INFO) or only stop a process (STOP, TSTP, TTIN, TTOU).
bool ends_nothing(int signal) {
  static constexpr int kHarmless[] = {0, 16, 17, 18, 19, 20, 21, 22, 23, 28, 29};
  return std::find(std::begin(kHarmless), std::end(kHarmless), signal) != std::end(kHarmless);
}

// Ends a process, unless it ignores the signal.
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

}  // namespace bsdjail::simulated

#include "calls.h"

#include <algorithm>

#include "../../errno.h"
#include "../paths.h"

namespace bsdjail::simulated {
namespace {

bool jailed(const World& world, const Process& process) { return process.prison != &world.prisons().host(); }

// A number for a new jail, or 0. Unlike FreeBSD's it does not begin anew where the end is reached on the way.
int new_jid(Prisons& prisons) {
  int jid = prisons.last_jid + 1;
  if (jid == kJidMax) jid = 1;
  while (prisons.at(jid) != nullptr) {
    if (++jid == kJidMax) return 0;
  }
  prisons.last_jid = jid;
  return jid;
}

std::string mixed_of(const std::vector<dragonfly::Address>& addresses) {
  std::string mixed;
  for (const dragonfly::Address& address : addresses) {
    mixed.insert(0, address.bytes);
    mixed.insert(0, 1, static_cast<char>(address.bytes.size() == 4 ? 4 : 6));
  }
  return mixed;
}

bool is_file(const World& world, const std::string& path) {
  const auto& files = world.paths.files;
  return std::find(files.begin(), files.end(), path) != files.end();
}

}  // namespace

std::vector<std::string> dragonfly_permissions(const Release& release) {
  std::vector<std::string> names = {"allow.set_hostname",    "allow.socket_af",    "allow.sysvipc",     "allow.chflags",
                                    "allow.raw_sockets",     "allow.listen_override", "allow.mount.nullfs",
                                    "allow.mount.tmpfs"};
  if (release.number >= 605) {
    for (const char* type : {"devfs", "procfs", "fusefs"}) names.push_back(std::string("allow.mount.") + type);
  }
  return names;
}

Outcome dragonfly_jail(World& world, Process& caller, const dragonfly::NewJail& jail) {
  if (caller.uid != 0 || jailed(world, caller)) return Outcome::fail(kEPERM);
  if (jail.hostname.size() >= kMaxHostName) return Outcome::fail(kENAMETOOLONG);
  std::string root;
  const int error = resolve_directory(world.paths, caller.prison->root, caller.prison != &world.prisons().host(), jail.path, root);
  // What is there and no directory is refused when the process is to go there: the number is given out by then.
  const bool file = error == kENOTDIR && is_file(world, jail.path);
  if (error != 0 && !file) return Outcome::fail(error);
  const int jid = new_jid(world.prisons());
  world.dirty = true;
  if (jid == 0) return Outcome::fail(kERANGE);
  if (file) return Outcome::fail(error);
  Prisons& prisons = world.prisons();
  Prison& prison = prisons.create(jid, prisons.host());
  prison.state = State::kAlive;
  prison.path = prison.root = root;
  prison.hostname = jail.hostname;
  prison.osrelease = prisons.host().osrelease;
  prison.osreldate = prisons.host().osreldate;
  prison.allow = world.tunables.default_allow;
  prison.mixed = mixed_of(jail.addresses);
  prisons.rename(prison, prisons.host(), std::to_string(jid));
  world.attach(caller, prison);
  prisons.drop(prison, false);
  return Outcome::ok(jid);
}

Outcome dragonfly_hold(World& world, const Process& caller, const dragonfly::NewJail& jail, std::int64_t now_ms) {
  auto holder = std::make_unique<Process>();
  holder->pid = world.new_pid();
  if (holder->pid == 0) return Outcome::fail(kEAGAIN);
  holder->parent = 1;
  holder->prison = caller.prison;
  holder->uid = caller.uid;
  holder->user = caller.uid == 0 ? "root" : std::to_string(caller.uid);
  holder->command = "jail-exec";
  holder->started_ms = now_ms;
  holder->spawned = true;
  Process& entered = world.enter(std::move(holder));
  const Outcome outcome = dragonfly_jail(world, entered, jail);
  if (outcome.failed()) world.end(entered.pid);
  return outcome;
}

Outcome dragonfly_attach(World& world, Process& caller, int jid) {
  if (caller.uid != 0 || jailed(world, caller)) return Outcome::fail(kEPERM);
  Prison* prison = world.prisons().at(jid);
  if (prison == nullptr) return Outcome::fail(kEINVAL);
  // Its last process is gone and something holds it still: it can be entered all the same, and lives on.
  prison->state = State::kAlive;
  world.attach(caller, *prison);
  return Outcome::ok();
}

Outcome dragonfly_end_processes(World& world, const Process& caller, int jid) {
  if (caller.uid != 0 || jailed(world, caller)) return Outcome::fail(kEPERM);
  const Prison* prison = world.prisons().at(jid);
  if (prison == nullptr) return Outcome::fail(kEINVAL);
  std::vector<int> pids;
  for (const auto& [pid, process] : world.processes()) {
    if (process->prison == prison) pids.push_back(pid);
  }
  for (int pid : pids) world.end(pid);
  return Outcome::ok(static_cast<std::int64_t>(pids.size()));
}

std::vector<Prison*> dragonfly_jails(World& world) {
  std::vector<Prison*> jails;
  for (const auto& [jid, prison] : world.prisons().all()) jails.push_back(prison.get());
  std::sort(jails.begin(), jails.end(), [](const Prison* a, const Prison* b) { return a->serial > b->serial; });
  return jails;
}

}  // namespace bsdjail::simulated

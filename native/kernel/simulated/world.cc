#include "world.h"

#include <algorithm>
#include <utility>

#include "../errno.h"
#include "dragonfly/calls.h"

namespace bsdjail::simulated {
namespace {

constexpr int kMaxPid = 99999;
constexpr int kFirstPid = 1000;
constexpr int kLastStandardStream = 2;

struct StaticPermission {
  const char* name;  // below "allow."
  int since;         // the release that brought it
};

// In the kernel's order, which is also that of a full listing.
constexpr StaticPermission kPermissions[] = {
    {"set_hostname", 1300}, {"sysvipc", 1300},      {"raw_sockets", 1300},    {"chflags", 1300},
    {"mount", 1300},        {"quotas", 1300},       {"socket_af", 1300},      {"mlock", 1300},
    {"reserved_ports", 1300}, {"read_msgbuf", 1300}, {"unprivileged_proc_debug", 1300}, {"suser", 1300},
    {"nfsd", 1400},         {"extattr", 1500},      {"adjtime", 1500},        {"settime", 1500},
    {"routing", 1500},      {"unprivileged_parent_tampering", 1500}, {"setaudit", 1500},
};

}  // namespace

World::World(const Release& release) : release_(release) {
  if (release.dragonfly) {
    for (std::string name : dragonfly_permissions(release)) permissions_.push_back({std::move(name), ""});
  } else {
    for (const StaticPermission& row : kPermissions) {
      if (release.number < row.since) continue;
      permissions_.push_back({std::string("allow.") + row.name, std::string("allow.no") + row.name});
    }
    for (std::string_view type : mountable(release)) {
      permissions_.push_back({"allow.mount." + std::string(type), "allow.mount.no" + std::string(type)});
    }
  }
  for (std::size_t i = 0; i < permissions_.size(); ++i) {
    permission_names_[permissions_[i].name] = {std::uint64_t{1} << i, true};
    if (!release.dragonfly) permission_names_[permissions_[i].no_name] = {std::uint64_t{1} << i, false};
  }
  suser_ = permission("allow.suser");
  new_jail_permissions_ = (release.dragonfly ? permission("allow.socket_af") : 0) | permission("allow.set_hostname") | permission("allow.reserved_ports") |
                          permission("allow.unprivileged_proc_debug") | suser_;
  free_permissions_ = permission("allow.unprivileged_proc_debug") | permission("allow.unprivileged_parent_tampering");
  tunables.default_allow = new_jail_permissions_;
  Prison& host = prisons_.host();
  host.allow = ((std::uint64_t{1} << permissions_.size()) - 1) & ~permission("allow.unprivileged_parent_tampering");
  host.hostuuid = kDefaultUuid;

  prisons_.on_dying = [this](Prison& prison) {
    note(prison, kNoteRemove);
    // Its descriptors stay open and lead nowhere; each gives back the reference it held.
    for (auto& [pid, process] : processes_) {
      for (auto& [fd, descriptor] : process->descriptors) {
        if (descriptor->prison != &prison) continue;
        descriptor->prison = nullptr;
        --prison.references;
      }
    }
  };
}

std::uint64_t World::permission(std::string_view name) const {
  bool positive = false;
  const std::uint64_t bit = permission_named(name, positive);
  return positive ? bit : 0;
}

std::uint64_t World::permission_named(std::string_view name, bool& positive) const {
  const auto found = permission_names_.find(name);
  if (found == permission_names_.end()) return 0;
  positive = found->second.second;
  return found->second.first;
}

bool World::privileged(const Descriptor& descriptor) {
  const Prison* jail = prisons_.by_serial(descriptor.jail);
  return jail != nullptr && privileged(descriptor.uid, *jail);
}

void World::note(Prison& prison, std::uint32_t event, std::int64_t data) {
  if (release_.events()) notes.push_back({prison.serial, event, data});
}

Process* World::process(int pid, std::uint64_t serial) {
  const auto found = processes_.find(pid);
  return found == processes_.end() || found->second->serial != serial ? nullptr : found->second.get();
}

int World::new_pid() {
  for (int tries = kFirstPid; tries <= kMaxPid; ++tries) {
    if (next_pid < kFirstPid || next_pid > kMaxPid) next_pid = kFirstPid;
    const int pid = next_pid++;
    if (processes_.count(pid) == 0) return pid;
  }
  return 0;
}

Process& World::enter(std::unique_ptr<Process> process) {
  dirty = true;
  if (process->serial == 0) process->serial = next_serial++;
  prisons_.hold(*process->prison, true);
  Process& entered = *process;
  processes_[entered.pid] = std::move(process);
  return entered;
}

void World::end(int pid) {
  const auto found = processes_.find(pid);
  if (found == processes_.end()) return;
  dirty = true;
  const std::unique_ptr<Process> process = std::move(found->second);
  processes_.erase(found);
  auto descriptors = std::move(process->descriptors);
  process->descriptors.clear();
  for (auto& [fd, descriptor] : descriptors) drop_descriptor(std::move(descriptor));
  prisons_.drop(*process->prison, true);
}

void World::attach(Process& process, Prison& prison) {
  dirty = true;
  Prison& old = *process.prison;
  prisons_.hold(prison, true);
  process.prison = &prison;
  prisons_.drop(old, true);
  note(prison, kNoteAttach, process.pid);
}

void World::remove(Prison& prison) {
  dirty = true;
  prisons_.hold(prison, false);
  if (prisons_.kill(prison) && prison.users > 0) end_processes(prison);
  prisons_.drop(prison, false);
}

void World::end_processes(Prison& prison) {
  std::vector<int> pids;
  for (const auto& [pid, process] : processes_) {
    if (process->prison == &prison || process->prison->below(prison)) pids.push_back(pid);
  }
  for (int pid : pids) end(pid);
}

int World::open_descriptor(Process& process, bool owning, int& fd) {
  if (owning && !privileged(process)) return kEPERM;
  fd = first_descriptor;
  for (const auto& [taken, descriptor] : process.descriptors) {
    if (taken == fd) ++fd;
  }
  auto descriptor = std::make_shared<Descriptor>();
  descriptor->serial = next_serial++;
  descriptor->owning = owning;
  descriptor->uid = process.uid;
  descriptor->jail = process.prison->serial;
  process.descriptors.emplace(fd, std::move(descriptor));
  dirty = true;
  return 0;
}

void World::bind_descriptor(Process& process, int fd, Prison& prison) {
  Descriptor& descriptor = *process.descriptors.at(fd);
  descriptor.prison = &prison;
  descriptor.prison_serial = prison.serial;
  prisons_.hold(prison, false);
}

std::shared_ptr<Descriptor> World::descriptor(const Process& process, int fd) const {
  const auto found = process.descriptors.find(fd);
  return found == process.descriptors.end() ? nullptr : found->second;
}

int World::find_descriptor(const Process& process, int fd, std::shared_ptr<Descriptor>& found) const {
  found = descriptor(process, fd);
  // A process's standard streams are open, and nothing else that is not a jail's.
  if (found == nullptr) return fd >= 0 && fd <= kLastStandardStream ? kEINVAL : kEBADF;
  return found->prison == nullptr || found->prison->state == State::kInvalid ? kENOENT : 0;
}

void World::drop_descriptor(std::shared_ptr<Descriptor> descriptor) {
  for (const auto& [pid, process] : processes_) {
    for (const auto& [fd, other] : process->descriptors) {
      if (other == descriptor) return;  // a parent or child has it open still
    }
  }
  Prison* prison = descriptor->prison;
  if (prison == nullptr) return;
  descriptor->prison = nullptr;
  if (descriptor->owning) remove(*prison);
  prisons_.drop(*prison, false);
}

std::string_view seen_name(const Prison& mine, const Prison& prison, const Prison& host) {
  if (&mine == &prison) return "0";
  std::string_view name = prison.name;
  if (!prison.below(mine)) return name;
  // As many components go as the viewer is deep.
  for (const Prison* at = &mine; at != &host; at = at->parent) {
    const std::size_t dot = name.find('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  return name;
}

std::string_view seen_path(const Prison& mine, const Prison& prison) {
  const std::string_view path = prison.path;
  if (mine.path == "/" || path.substr(0, mine.path.size()) != mine.path) return path;
  const std::string_view rest = path.substr(mine.path.size());
  if (rest.empty()) return "/";
  return rest.front() == '/' ? rest : path;
}

}  // namespace bsdjail::simulated

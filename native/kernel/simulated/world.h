// Everything that a simulated machine is, without locks and without a file: the state, and the calls that change it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "limits.h"
#include "options.h"
#include "prisons.h"
#include "release.h"
#include "simulated.h"

namespace bsdjail::simulated {

// What happened to a jail, for those who watch it.
enum Note : std::uint32_t {
  kNoteChild = 0x80000000u,
  kNoteSet = 0x40000000u,
  kNoteAttach = 0x20000000u,
  kNoteRemove = 0x10000000u,
  kNoteMulti = 0x08000000u,
};

struct NoteEntry {
  std::uint64_t prison = 0;  // its serial
  std::uint32_t event = 0;
  std::int64_t data = 0;  // the child's jid, or the pid that attached
};

// An open jail descriptor; processes that fork share it.
struct Descriptor {
  std::uint64_t serial = 0;
  Prison* prison = nullptr;         // null once the jail has begun to die
  std::uint64_t prison_serial = 0;  // what it was opened for
  bool owning = false;
  int uid = 0;                 // whose privilege it carries,
  std::uint64_t jail = 0;      // and from which jail
};

struct Process {
  std::uint64_t serial = 0;
  int pid = 0;
  int parent = 0;
  Prison* prison = nullptr;
  int uid = 0;
  std::string user;
  std::string command;
  std::vector<int> ignores;
  std::int64_t started_ms = 0;
  int host_pid = 0;
  std::uint64_t host_start = 0;
  bool spawned = false;
  std::map<int, std::shared_ptr<Descriptor>> descriptors;
};

// A permission of the allow.* family; its bit is its place in the list.
struct Permission {
  std::string name;
  std::string no_name;
};

// Settings of the host that sysctl(8) changes.
struct Tunables {
  std::uint64_t default_allow = 0;
  int default_enforce_statfs = 2;
  int default_devfs_ruleset = 0;
  std::uint32_t max_addresses = 255;
  std::uint32_t meta_max = 4096;
  std::uint32_t meta_reported = 4096;
};

class World {
 public:
  explicit World(const Release& release);

  const Release& release() const { return release_; }
  Prisons& prisons() { return prisons_; }
  const Prisons& prisons() const { return prisons_; }
  const std::vector<Permission>& permissions() const { return permissions_; }
  // The bit of "allow.mount", or 0 where this release has no such permission.
  std::uint64_t permission(std::string_view name) const;
  // The same for "allow.nomount" too, which is not `positive`.
  std::uint64_t permission_named(std::string_view name, bool& positive) const;
  // Those that a jail may have though its parent has not.
  std::uint64_t free_permissions() const { return free_permissions_; }
  std::uint64_t new_jail_permissions() const { return new_jail_permissions_; }

  // The flags that jail_get(2) takes.
  int get_mask() const;
  // What jail_set(2) refuses before it looks at its parameters: 0, or the errno.
  int precheck_set(const Process& caller, int flags) const;

  // The system calls, from where the kernel has copied their arguments in. `descriptor` is one that was opened, or -1.
  Outcome jail_set(Process& caller, Options& options, int flags, int& descriptor);
  Outcome jail_get(Process& caller, Options& options, int flags);
  Outcome jail_attach(Process& caller, int jid);
  Outcome jail_attach_descriptor(Process& caller, int fd);
  Outcome jail_remove(Process& caller, int jid);
  Outcome jail_remove_descriptor(Process& caller, int fd);
  Outcome close(Process& caller, int fd);

  // Processes. A pointer stays good until its process ends.
  std::map<int, std::unique_ptr<Process>>& processes() { return processes_; }
  const std::map<int, std::unique_ptr<Process>>& processes() const { return processes_; }
  Process* process(int pid, std::uint64_t serial);
  int new_pid();
  // Enters a process in the table, where it holds its jail.
  Process& enter(std::unique_ptr<Process> process);
  // Closes its descriptors, leaves its jail, forgets it.
  void end(int pid);
  void attach(Process& process, Prison& prison);
  // Begins a jail's end and ends its processes.
  void remove(Prison& prison);

  // Descriptors.
  int open_descriptor(Process& process, bool owning, int& fd);
  void bind_descriptor(Process& process, int fd, Prison& prison);
  std::shared_ptr<Descriptor> descriptor(const Process& process, int fd) const;
  // 0, EBADF, EINVAL for what is no jail's, or ENOENT for a jail that is no more.
  int find_descriptor(const Process& process, int fd, std::shared_ptr<Descriptor>& found) const;

  // The superuser's privilege, which a jail may be without where the release knows of such.
  bool privileged(int uid, const Prison& prison) const { return uid == 0 && (prison.allow & suser_) == suser_; }
  bool privileged(const Descriptor& descriptor);
  bool privileged(const Process& process) const { return privileged(process.uid, *process.prison); }

  void note(Prison& prison, std::uint32_t event, std::int64_t data = 0);
  // What has happened since the last time this was emptied.
  std::vector<NoteEntry> notes;
  // Something has changed since the last time this was cleared.
  bool dirty = false;

  SimulatedPaths paths;
  // The machine counts what jails use; the rules of rctl(2).
  bool accounts = false;
  std::vector<LimitRule> limits;
  Tunables tunables;
  int first_descriptor = 0x40000000;
  int next_pid = 1000;
  std::uint64_t next_serial = 1;  // of processes and descriptors

 private:
  void end_processes(Prison& prison);
  void drop_descriptor(std::shared_ptr<Descriptor> descriptor);

  const Release& release_;
  std::vector<Permission> permissions_;
  std::unordered_map<std::string_view, std::pair<std::uint64_t, bool>> permission_names_;
  std::uint64_t free_permissions_ = 0;
  std::uint64_t new_jail_permissions_ = 0;
  std::uint64_t suser_ = 0;
  Prisons prisons_;
  std::map<int, std::unique_ptr<Process>> processes_;
};

// The name and the path of a jail as a process in `mine` sees them.
std::string_view seen_name(const Prison& mine, const Prison& prison, const Prison& host);
std::string_view seen_path(const Prison& mine, const Prison& prison);

}  // namespace bsdjail::simulated

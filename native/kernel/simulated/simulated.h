// A simulated FreeBSD or DragonFly machine: prisons, parameters, processes and descriptors by the rules of the system's
// kernel, in memory or in a state file that several processes share.
//
// SimulatedMachine is the machine; SimulatedKernel is one process's view of it, and answers the system calls. Both are
// safe to use from several threads. Nothing here touches the host but the state file, the clock and, where a process
// is tied to a host process, that process's existence.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel.h"

namespace bsdjail {

class SimulatedKernel;

// A failure to inject: the nth next call of this name fails with `error` and `message`, without any effect.
struct SimulatedFault {
  std::string call;     // "jail_set", "jail_get", "jail_attach", "jail_remove", "jail_attach_jd", "jail_remove_jd",
                        // "close", "sysctl", "kevent"; "" is any of them
  int nth = 1;          // 1 is the next such call
  int error = 0;        // FreeBSD's number
  std::string message;  // what errmsg holds afterwards, where the call gives one
  bool repeat = false;  // every call from the nth on, until clear_faults()
};

// What exists below the host's root. Symbolic links are not simulated.
struct SimulatedPaths {
  // Any absolute path is a directory, except those of `files`; else what is in neither list does not exist.
  bool any = true;
  std::vector<std::string> directories;
  std::vector<std::string> files;

  // The directories and some files of a freshly installed FreeBSD, and nothing else.
  static SimulatedPaths freebsd();
};

struct SimulatedOptions {
  // "13.2", "14", "15.1-RELEASE": 13.0 to 15.1; "dragonfly-6.4": 5.8 to 6.5. Empty: what the state file says, or 15.1.
  std::string release;
  // Empty: in memory, gone with the machine.
  std::string state_file;

  // Host facts, used when the machine is made; an existing state file keeps its own.
  std::string hostname = "freebsd";
  std::string domainname;
  std::string hostuuid = "00000000-0000-0000-0000-000000000000";
  std::uint64_t hostid = 0;
  std::string osrelease;  // empty: "<release>-RELEASE"
  int osreldate = 0;      // 0: the release's own
  SimulatedPaths paths;
  int last_jid = 0;  // the last jail id given out; the next automatic one is this plus one
  int last_dead_jid = 0;  // the one that a dying jail in the way was last given, from the far end; 0: none yet

  // Numbers of simulated descriptors begin here. No host gives out descriptors this high, so none is ever mistaken
  // for a real one. A replay of a recording sets the number that the recorded process would have got next.
  int first_descriptor = 0x40000000;

  // The kernel counts what jails use, so that rctl(2) can limit it: kern.racct.enable, off as FreeBSD comes.
  bool accounts = false;

  std::vector<SimulatedFault> faults;
};

// A new process of the machine.
struct SimulatedProcess {
  int jid = 0;  // where it runs; it holds that jail
  int uid = 0;
  std::string user = "root";
  std::string command;
  std::vector<int> ignores;     // signals (FreeBSD's numbers) that do not end it; SIGKILL always does
  int pid = 0;                  // 0: the next free one
  int host_pid = 0;             // not 0: it ends when this host process has ended (checked when the state is read)
  std::int64_t started_ms = 0;  // since the epoch; 0: now
  bool attaches = false;        // it came from outside, by jail_attach(2): who watches the jail is told
};

// What the older jail(2) takes: a jail that its caller is in as soon as it is made.
struct SimulatedLegacyJail {
  std::string path;
  std::string hostname;
  std::optional<std::string> name;
  std::string ip4;  // addresses one after another, in network byte order
  std::string ip6;
};

class SimulatedMachine : public std::enable_shared_from_this<SimulatedMachine> {
 public:
  // Null, with the reason in `problem`, where the release is not known or the state file cannot be used.
  static std::shared_ptr<SimulatedMachine> open(const SimulatedOptions& options, std::string& problem);
  virtual ~SimulatedMachine() = default;

  // A process on the host with that user id, as init would start it; it is not listed until it holds something
  // (a jail or a descriptor). With a state file it is tied to this host process and ends with it.
  virtual std::unique_ptr<SimulatedKernel> process(int uid = 0) = 0;

  // This host process as the machine knows it: in the jail that it entered before an exec, or a new one as above.
  virtual std::unique_ptr<SimulatedKernel> resume(int uid = 0) = 0;

  virtual std::string release() = 0;  // "15.1", "dragonfly-6.4"
  // Why the last call gave EIO: a state file that cannot be read, locked or written. Empty when nothing is wrong.
  virtual std::string problem() = 0;

  // Processes in jails, and others that were spawned; in pid order.
  virtual std::vector<ProcessInfo> processes() = 0;
  // The pid; ENOENT for an unknown jail, EINVAL for a dying one, EEXIST for a pid in use, EAGAIN beyond a limit.
  virtual Outcome spawn(const SimulatedProcess& process) = 0;
  // Ends a spawned process, as its own exit would; ESRCH where there is none.
  virtual Outcome exit(int pid) = 0;
  // kill(2) by the host's root; signal 0 only asks. A signal ends a process unless it ignores it.
  virtual Outcome kill(int pid, int signal) = 0;
  // The same for every process of a jail, with those of its children on request: how many there were.
  virtual Outcome kill_jail(int jid, int signal, bool children) = 0;

  virtual void add_fault(const SimulatedFault& fault) = 0;
  virtual void clear_faults() = 0;

  // Keeps a jail from going away entirely once it is removed, as a half-closed TCP connection does; it is then dying
  // until finish_dying(). Both take the jail's jid of the moment; ENOENT where there is none.
  virtual Outcome hold_dying(int jid) = 0;
  virtual Outcome finish_dying(int jid) = 0;
};

class SimulatedKernel : public Kernel {
 public:
  // jail(2), version 2: the jid. Its permissions are those that security.jail.*_allowed give.
  virtual Outcome jail(const SimulatedLegacyJail& jail) = 0;

  virtual int pid() = 0;
  virtual int uid() = 0;
  // 0 on the host and for a process that has ended.
  virtual int jid() = 0;
  // False once it has exited or was killed with its jail. Every call of such a process gives ESRCH.
  virtual bool alive() = 0;

  // A child process: same jail, user and open descriptors.
  virtual std::unique_ptr<SimulatedKernel> fork() = 0;
  virtual void setuid(int uid) = 0;
  // Closes its descriptors (a jail owned by the last of them is removed) and leaves its jail. Also done on destruction.
  virtual void exit() = 0;
  virtual std::shared_ptr<SimulatedMachine> machine() = 0;
};

}  // namespace bsdjail

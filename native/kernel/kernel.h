// The kernel's jail interface as bsdjail sees it: the system calls, in their own argument order, with FreeBSD's
// errno numbers. The kernels behind it: freebsd/ (libc), dragonfly/ (libc), simulated/ (memory or a state file).
//
// No Node-API, no policy, no logging, no globals. Every method may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bsdjail {

// struct iovec, spelt without <sys/uio.h> so that tests can ask for lengths no host struct would carry.
struct IoVec {
  void* base = nullptr;
  std::size_t len = 0;
};

// What a system call returned: `value` is -1 exactly when `error` (FreeBSD's number, see errno.h) is not 0.
struct Outcome {
  std::int64_t value = 0;
  int error = 0;

  static Outcome ok(std::int64_t value = 0) { return {value, 0}; }
  static Outcome fail(int error) { return {-1, error}; }
  bool failed() const { return error != 0; }
};

// jail_set(2) and jail_get(2) flags, as <sys/jail.h> numbers them.
inline constexpr int kJailCreate = 0x01;
inline constexpr int kJailUpdate = 0x02;
inline constexpr int kJailAttach = 0x04;
inline constexpr int kJailDying = 0x08;
inline constexpr int kJailUseDesc = 0x10;
inline constexpr int kJailAtDesc = 0x20;
inline constexpr int kJailGetDesc = 0x40;
inline constexpr int kJailOwnDesc = 0x80;

// One node of the sysctl tree: `kind` holds flags and type as the kernel packs them (CTLTYPE in the low four bits).
struct SysctlNode {
  std::string name;
  std::uint32_t kind = 0;
  std::string format;
  std::string description;
};

// One event of EVFILT_JAIL or EVFILT_JAILDESC, or of their simulation.
struct JailEvent {
  bool by_descriptor = false;
  std::int64_t ident = 0;    // jid (0: the caller's own jail), or the descriptor
  std::uint32_t fflags = 0;  // NOTE_JAIL_*
  std::int64_t data = 0;
  bool eof = false;
};

// A process of the machine.
struct ProcessInfo {
  int pid = 0;
  int parent = 0;
  int jid = 0;
  int uid = 0;
  std::string user;     // by the host's password file, or the uid's digits
  std::string command;  // with its arguments
  std::int64_t started_ms = 0;  // since the epoch
  int host_pid = 0;     // of a simulated process: the real one that it ends with
};

// The calls of rctl(2), which all take a text and may answer with one.
enum class RctlCall { kRacct, kRules, kAdd, kRemove };

// A kqueue that holds jail filters. Closed when destroyed.
class EventQueue {
 public:
  virtual ~EventQueue() = default;
  virtual Outcome add_jail(int jid, std::uint32_t fflags) = 0;
  virtual Outcome add_descriptor(int fd, std::uint32_t fflags) = 0;
  // Waits until there are events, until wake() is called or until timeout_ms have passed (-1: no limit);
  // appends what there is and returns how many.
  virtual Outcome wait(std::vector<JailEvent>& events, int timeout_ms) = 0;
  // Makes a wait() of another thread return. Safe from any thread.
  virtual void wake() = 0;
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  // Names and values alternate in `iov`, as in the system call; lengths and bytes are written back in place.
  virtual Outcome jail_set(IoVec* iov, std::size_t count, int flags) = 0;
  virtual Outcome jail_get(IoVec* iov, std::size_t count, int flags) = 0;
  virtual Outcome jail_remove(int jid) = 0;
  virtual Outcome jail_remove_jd(int fd) = 0;
  // Never offered to JavaScript on a real kernel: it changes this whole process, for ever.
  virtual Outcome jail_attach(int jid) = 0;
  virtual Outcome jail_attach_jd(int fd) = 0;

  virtual Outcome close(int fd) = 0;

  // sysctlbyname(3): a null `old` asks for the size alone.
  virtual Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                         std::size_t value_len) = 0;
  // Kind, format and description of one node; ENOENT where there is none.
  virtual Outcome sysctl_describe(std::string_view name, SysctlNode& node) = 0;
  // All leaves below `prefix` ("security.jail.param"), in the kernel's order.
  virtual Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) = 0;

  // Every process in a jail that this process can see, its own jail's left out.
  virtual Outcome processes(std::vector<ProcessInfo>& list) = 0;
  // rctl_get_racct(2), rctl_get_rules(2), rctl_add_rule(2), rctl_remove_rule(2). ENOSYS where the kernel does not count.
  virtual Outcome rctl(RctlCall call, std::string_view filter, std::string& answer) = 0;

  // Null with ENOSYS in `outcome` where the kernel has no jail events.
  virtual std::unique_ptr<EventQueue> event_queue(Outcome& outcome) = 0;
};

}  // namespace bsdjail

// FreeBSD 13 to 15. What only some releases have is looked for at run time, so that one binary serves them all.
#include <sys/param.h>
#include <sys/cpuset.h>
#include <sys/jail.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/user.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <login_cap.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "system.h"

namespace bsdjail {
namespace {

// libutil's number differs between releases (9 until 14, 10 since 15) and its calls do not.
struct ClassCalls {
  login_cap_t* (*get)(const passwd*) = nullptr;
  int (*set)(login_cap_t*, const passwd*, uid_t, unsigned int) = nullptr;
  void (*close)(login_cap_t*) = nullptr;
};

ClassCalls& class_calls() {
  static ClassCalls calls;
  return calls;
}

class FreebsdClass final : public LoginClass {
 public:
  explicit FreebsdClass(login_cap_t* handle) : handle_(handle) {}
  FreebsdClass(const FreebsdClass&) = delete;
  FreebsdClass& operator=(const FreebsdClass&) = delete;
  ~FreebsdClass() override { class_calls().close(handle_); }

  int apply(const passwd& user, const ClassParts& parts) override {
    unsigned int flags = 0;
    // Groups are set before, from where the user was looked up; a login name belongs to a session, not to a command.
    if (parts.user) flags |= LOGIN_SETALL & ~(LOGIN_SETGROUP | LOGIN_SETLOGIN | LOGIN_SETPATH | LOGIN_SETENV);
    if (parts.environment) flags |= LOGIN_SETPATH | LOGIN_SETENV;
    if (flags == 0) return 0;
    errno = 0;
    if (class_calls().set(handle_, &user, user.pw_uid, flags) == 0) return 0;
    return errno != 0 ? errno : EINVAL;
  }

 private:
  login_cap_t* handle_;
};

// A descriptor of a jail that is removed, or is being removed, has been hung up.
bool jail_lives(int fd) {
  pollfd asked = {fd, 0, 0};
  return poll(&asked, 1, 0) == 0;
}

}  // namespace

int system_attach(int jid) { return jail_attach(jid) == 0 ? 0 : errno; }

int system_attach_descriptor(int fd) {
  // Not by jail_attach_jd(2): in 15.0 and 15.1 it keeps a reference to the jail, which then never goes away entirely. The
  // jid that a descriptor has as its file number is its jail's as long as that lives; and that it lived all the while is
  // known when it still does afterwards.
  struct stat status;
  if (fstat(fd, &status) != 0) return errno;
  if (!jail_lives(fd)) return ENOENT;
  if (jail_attach(static_cast<int>(status.st_ino)) != 0) return errno;
  return jail_lives(fd) ? 0 : ENOENT;
}

// jail_set(2) makes FreeBSD's jails, and jail_remove(2) ends them.
int system_jail(const char*, const char*, const char*, int&) { return ENOSYS; }

int system_signal_all(int) { return ENOSYS; }

int system_set_fib(int fib) { return setfib(fib) == 0 ? 0 : errno; }

int system_set_death_signal(int signal) {
  return procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signal) == 0 ? 0 : errno;
}

int system_close_range(int first, int last) {
  unsigned int end = last < 0 ? ~0U : static_cast<unsigned int>(last);
  return close_range(static_cast<unsigned int>(first), end, 0) == 0 ? 0 : errno;
}

void system_widen_cpuset() {
  cpusetid_t root;
  if (cpuset_getid(CPU_LEVEL_ROOT, CPU_WHICH_PID, -1, &root) == 0) (void)cpuset_setid(CPU_WHICH_PID, -1, root);
}

std::string system_descriptor_path(int fd) {
  struct kinfo_file file = {};
  file.kf_structsize = static_cast<int>(sizeof file);
  if (fcntl(fd, F_KINFO, &file) != 0) return {};
  return file.kf_path;
}

long system_open_files_before_parent() {
  struct kinfo_proc parent;
  std::size_t size = sizeof parent;
  int about[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, getppid()};
  if (sysctl(about, 4, &parent, &size, nullptr, 0) != 0 || size < sizeof parent) return -1;
  struct rlimit limit;
  size = sizeof limit;
  int limits[] = {CTL_KERN, KERN_PROC, KERN_PROC_RLIMIT, parent.ki_ppid, RLIMIT_NOFILE};
  if (sysctl(limits, 5, &limit, &size, nullptr, 0) != 0 || size != sizeof limit) return -1;
  return limit.rlim_cur > LONG_MAX ? LONG_MAX : static_cast<long>(limit.rlim_cur);
}

void system_prepare() {
  // Until execve(2). Whoever traces us already is of the host, and may.
  int untraced = PROC_TRACE_CTL_DISABLE;
  (void)procctl(P_PID, getpid(), PROC_TRACE_CTL, &untraced);
  void* library = nullptr;
  for (const char* name : {"libutil.so.10", "libutil.so.9"}) {
    library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) break;
  }
  if (library == nullptr) return;
  ClassCalls& calls = class_calls();
  calls.get = reinterpret_cast<decltype(calls.get)>(dlsym(library, "login_getpwclass"));
  calls.set = reinterpret_cast<decltype(calls.set)>(dlsym(library, "setusercontext"));
  calls.close = reinterpret_cast<decltype(calls.close)>(dlsym(library, "login_close"));
}

std::unique_ptr<LoginClass> system_open_class(const passwd& user, int& error) {
  const ClassCalls& calls = class_calls();
  if (calls.get == nullptr || calls.set == nullptr || calls.close == nullptr) {
    error = ENOSYS;
    return nullptr;
  }
  errno = 0;
  login_cap_t* handle = calls.get(&user);
  if (handle == nullptr) {
    error = errno != 0 ? errno : EINVAL;
    return nullptr;
  }
  return std::make_unique<FreebsdClass>(handle);
}

}  // namespace bsdjail

// What only the operating system can do, and the one seam for tests: system_freebsd.cc does it; system_simulated.cc
// enters no jail and does the rest as far as the machine can, so that every other branch runs anywhere.
#pragma once

#include <pwd.h>

#include <memory>
#include <string>

namespace bsdjail {

// First of all: loads what must come from the host, not from the jail, and keeps the jail's processes from reaching into
// this one. It holds a descriptor of the jail at its entry, and may hold a command's secrets until it is the command.
void system_prepare();

// All of these: 0, or an errno.
int system_attach(int jid);
int system_attach_descriptor(int fd);
int system_set_fib(int fib);
// `signal` to this process when its parent ends.
int system_set_death_signal(int signal);
// From `first` to `last`, or to the end where `last` is -1.
int system_close_range(int first, int last);

// DragonFly: makes a jail and enters it; `addresses` are parted by commas.
int system_jail(const char* path, const char* hostname, const char* addresses, int& jid);
// Signals every other process that this one may signal: in a jail, those of the jail. ESRCH where there is none.
int system_signal_all(int signal);

// The widest set of processors, before attaching, so that the kernel makes no set of its own. As far as it can.
void system_widen_cpuset();
// The path of an open descriptor where the system can tell, else "".
std::string system_descriptor_path(int fd);
// The soft limit of open files in the process that started our parent (that is what Node found before it raised its
// own), or -1 where that cannot be known.
long system_open_files_before_parent();

// What a login class changes. Opened where the user is looked up, used after the attach.
struct ClassParts {
  bool environment = false;  // PATH and the class's variables, into `environ`
  bool user = false;         // priority, limits, umask, processors, label, the user id
};

class LoginClass {
 public:
  virtual ~LoginClass() = default;
  // 0, or an errno; with ClassParts::user this process is the user's afterwards.
  virtual int apply(const passwd& user, const ClassParts& parts) = 0;
};

// Null, with an errno, where the user's class cannot be had.
std::unique_ptr<LoginClass> system_open_class(const passwd& user, int& error);

}  // namespace bsdjail

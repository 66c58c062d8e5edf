// jail-exec: enters a jail and becomes a command. One attach is for ever and for a whole process, so it happens here and
// never in the process that manages jails. The order of the steps is the kernel's and jail(8)'s; each tells its failure.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "command.h"
#include "descriptors.h"
#include "environment.h"
#include "options.h"
#include "status.h"
#include "system.h"
#include "terminal.h"
#include "user.h"

namespace bsdjail {
namespace {

class Entry {
 public:
  Entry(const Options& options, Status& status) : options_(options), status_(status) {}

  [[noreturn]] void run() {
    system_prepare();
    environment_.take(options_.pass);
    environment_.begin(Options());
    if (options_.hold) leave_parent();
    isolate();
    if (options_.hold) stay_quietly();
    if (options_.host_user != nullptr) find_user(options_.host_user, Step::HostUser);
    enter();
    if (options_.hold) hold();
    if (options_.end_processes) end_processes();
    if (options_.host_user == nullptr) find_jail_user();
    become_user();
    finish();
  }

 private:
  // Nothing of the host that was not given: descriptors, signals, limits.
  void isolate() {
    std::vector<int> keep = options_.keep;
    keep.push_back(status_.fd());
    if (options_.jail_fd >= 0) keep.push_back(options_.jail_fd);
    if (int error = close_all_but(keep)) status_.fail(Step::Descriptors, error, "close_range(2)");
    reset_signals();
    if (int error = reset_open_files(options_.open_files)) {
      status_.fail(Step::Limits, error, "soft limit of open files " + std::to_string(options_.open_files));
    }
    // From here on, because a jail can keep whoever enters it: by a file that is a pipe, where one is read. Again in
    // finish(), because to become another user takes it back. Who holds a jail has left its parent.
    if (options_.death_signal != 0 && !options_.hold) die_with_parent(options_.death_signal, options_.parent);
    if (!options_.terminal) return;
    relay_ = getpid();
    terminal_.split(status_);
    die_with_relay();
  }

  void enter() {
    system_widen_cpuset();
    if (options_.fib >= 0) {
      if (int error = system_set_fib(options_.fib)) {
        status_.fail(Step::Fib, error, "routing table " + std::to_string(options_.fib) + " (see net.fibs)");
      }
    }
    if (options_.new_path != nullptr) return make();
    if (options_.outside) return go();
    bool by_descriptor = options_.jail_fd >= 0;
    int error = by_descriptor ? system_attach_descriptor(options_.jail_fd) : system_attach(options_.jid);
    if (error != 0) {
      std::string directories = error == EPERM ? directories_among(options_.keep) : std::string();
      if (!directories.empty()) status_.fail(Step::Attach, error, "an open directory: " + directories);
      status_.fail(Step::Attach, error,
                   by_descriptor ? std::string("jail descriptor") : "jail " + std::to_string(options_.jid));
    }
    // A descriptor of a jail is a right to change it: the command must not have it.
    if (by_descriptor) close(options_.jail_fd);
    go();
  }

  void make() {
    int jid = 0;
    if (int error = system_jail(options_.new_path, options_.new_hostname, options_.new_addresses, jid)) {
      status_.fail(Step::Attach, error, std::string("jail ") + options_.new_path);
    }
    go();
    status_.tell(("jail\t" + std::to_string(jid)).c_str());
  }

  // Not every system's attach does.
  void go() {
    const char* directory = options_.cwd != nullptr ? options_.cwd : "/";
    if (chdir(directory) != 0) status_.fail(Step::Directory, errno, directory);
  }

  // Whoever waits for us would keep the jail by not waiting: init is the one who always does.
  void leave_parent() {
    pid_t child = fork();
    if (child < 0) status_.fail(Step::Attach, errno, "fork");
    if (child > 0) _exit(0);
    setsid();
  }

  // A jail that lives by its processes alone lives by this one: nothing but SIGKILL ends it, and it has nothing open.
  void stay_quietly() {
    for (int signal = 1; signal < NSIG; signal++) std::signal(signal, SIG_IGN);
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
      if (fd != status_.fd() && open("/dev/null", O_RDWR) < 0) status_.fail(Step::Descriptors, errno, "/dev/null");
    }
  }

  [[noreturn]] void hold() {
    close(status_.fd());
    for (;;) pause();
  }

  // Until none is left: a process may fork while it is being killed.
  [[noreturn]] void end_processes() {
    constexpr int kRounds = 5000;
    int error = 0;
    for (int round = 0; round < kRounds && (error = system_signal_all(SIGKILL)) == 0; round++) usleep(1000);
    if (error != ESRCH) status_.fail(Step::Attach, error != 0 ? error : EBUSY, "processes that do not end");
    status_.tell("ended");
    _exit(0);
  }

  void find_user(const char* name, Step step) {
    int error = 0;
    known_ = account_.find(name, error);
    if (known_) return;
    if (error != 0) status_.fail(step, error, std::string("user ") + name);
    status_.fail(step, 0, std::string("no user \"") + name + "\" in the " +
                              (step == Step::HostUser ? "host's" : "jail's") + " password file");
  }

  void find_jail_user() {
    if (options_.user != nullptr) return find_user(options_.user, Step::User);
    // Without a name a login is our own user's, and a jail need not know that one.
    int error = 0;
    if (options_.login) known_ = account_.find(nullptr, error);
  }

  void become_user() {
    bool named = options_.user != nullptr || options_.host_user != nullptr;
    bool describes = options_.login || (options_.inherit && named);
    environment_.begin(options_);
    if (known_) {
      if (int error = account_.enter_groups()) status_.fail(Step::Groups, error, account_.entry().pw_name);
      if (options_.terminal && terminal_.outer_slave() >= 0) {
        (void)!fchown(terminal_.outer_slave(), account_.entry().pw_uid, static_cast<gid_t>(-1));
      }
      ClassParts parts;
      parts.user = named;
      parts.environment = describes;
      if (int error = account_.apply_class(parts)) status_.fail(Step::Class, error, account_.entry().pw_name);
      if (named && (getuid() != account_.entry().pw_uid || geteuid() != account_.entry().pw_uid)) {
        status_.fail(Step::Class, EPERM, std::string("did not become ") + account_.entry().pw_name);
      }
    }
    if (describes) environment_.describe(known_ ? &account_ : nullptr);
    environment_.finish();
    if (named && options_.home && options_.cwd == nullptr && chdir(account_.entry().pw_dir) != 0) {
      status_.fail(Step::Directory, errno, account_.entry().pw_dir);
    }
  }

  [[noreturn]] void finish() {
    if (options_.terminal) {
      if (int error = terminal_.take(options_)) status_.fail(Step::Terminal, error, "terminal");
      die_with_relay();
    } else if (options_.death_signal != 0) {
      die_with_parent(options_.death_signal, options_.parent);
    }
    status_.tell("exec");
    std::string detail;
    int error = become_command(options_, detail);
    status_.fail(Step::Exec, error, detail);
  }

  void die_with_parent(int signal, pid_t parent) {
    if (int error = system_set_death_signal(signal)) status_.fail(Step::Limits, error, "signal at the parent's end");
    // It may have ended before we asked.
    if (getppid() != parent) kill(getpid(), signal);
  }

  // The relay is the command's only keeper: if it is killed, nobody reads this terminal again. Not every system can.
  void die_with_relay() {
    int error = system_set_death_signal(SIGKILL);
    if (error != 0 && error != ENOSYS) status_.fail(Step::Limits, error, "signal at the relay's end");
    if (getppid() != relay_) kill(getpid(), SIGKILL);
  }

  const Options& options_;
  Status& status_;
  Environment environment_;
  Terminal terminal_;
  Account account_;
  pid_t relay_ = -1;
  bool known_ = false;
};

}  // namespace
}  // namespace bsdjail

int main(int argc, char** argv) {
  bsdjail::Options options;
  const char* problem = bsdjail::parse_options(argc, argv, options);
  bsdjail::Status status(options.status_fd);
  if (problem != nullptr) status.fail(bsdjail::Step::Options, EINVAL, problem);
  if (fcntl(options.status_fd, F_SETFD, FD_CLOEXEC) != 0) {
    status.set_fd(-1);
    status.fail(bsdjail::Step::Options, errno, "-s names no open descriptor");
  }
  bsdjail::Entry(options, status).run();
}

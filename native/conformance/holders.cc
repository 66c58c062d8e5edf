#include "holders.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sys/jail.h>

#include "calls.h"
#include "wire.h"

namespace {

// A killed process leaves its jail in the background.
constexpr int kSettleTries = 200;
constexpr int kSettleTriesKept = 5;
constexpr useconds_t kSettlePause = 1000;

struct Held {
  pid_t pid;  // 0 once it is known to have ended: its turn to be released is still to come
  int jid;
  pid_t parent;
};

struct Kept {
  int fd;
  int jid;
};

std::vector<Held> held;
std::vector<Kept> kept;
std::vector<int> inside;  // the jails that this process and those above it are in
std::vector<int> lost;    // what was dying from the start

bool is_in(const std::vector<int>& jids, int jid) { return std::find(jids.begin(), jids.end(), jid) != jids.end(); }

bool is_held(int jid) {
  return std::any_of(held.begin(), held.end(), [jid](const Held& one) { return one.pid != 0 && one.jid == jid; });
}

// Whether a jail is still about to go.
bool unsettled() {
  Jail jail;
  for (int at = 0; next_jail(at, kJailDying, jail); at = jail.jid) {
    if (is_in(lost, jail.jid)) continue;
    if (jail.dying != 0) return true;
    if (jail.persist == 0 && jail.children == 0 && !is_held(jail.jid) && !is_in(inside, jail.jid)) return true;
  }
  return false;
}

// A killed process keeps its jail until its parent has taken notice, which may be busy with a child of its own.
void reap(int) {
  const int error = errno;
  for (Held& one : held) {
    if (one.pid != 0 && one.parent == ::getpid() && ::waitpid(one.pid, nullptr, WNOHANG) == one.pid) one.pid = 0;
  }
  errno = error;
}

// Keeps reap() away while `held` changes.
class Unreaped {
 public:
  Unreaped() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, &before_);
  }
  ~Unreaped() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// A message that carries a descriptor from a process to another.
class Carrier {
 public:
  Carrier() {
    message_.msg_iov = &data_;
    message_.msg_iovlen = 1;
    message_.msg_control = control_;
    message_.msg_controllen = sizeof(control_);
  }
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  bool send(int socket, int file) {
    struct cmsghdr* header = CMSG_FIRSTHDR(&message_);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &file, sizeof(file));
    return ::sendmsg(socket, &message_, 0) == 1;
  }
  // The descriptor, or -1.
  int receive(int socket) {
    int file = -1;
    if (::recvmsg(socket, &message_, 0) == 1 && CMSG_FIRSTHDR(&message_) != nullptr) {
      std::memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message_)), sizeof(file));
    }
    return file;
  }

 private:
  alignas(struct cmsghdr) char control_[CMSG_SPACE(sizeof(int))] = {};
  char byte_ = 0;
  struct iovec data_ = {&byte_, 1};
  struct msghdr message_ = {};
};

// A child that has entered the jail: 0 in the child; the errno over the pipe to its parent.
pid_t enter(int jid, int& error, int socket) {
  int report[2];
  if (::pipe(report) != 0) return -1;
  const pid_t pid = ::fork();
  if (pid < 0) return -1;
  if (pid == 0) {
    ::close(report[0]);
    int status = ::jail_attach(jid) == 0 ? 0 : errno;
    if (status == 0 && socket >= 0) {
      // A file carries the credentials that opened it, of whatever kind it is.
      int file = -1, ends[2];
      if (::pipe(ends) == 0) file = ends[0];
      if (!Carrier().send(socket, file)) status = errno;
    }
    (void)!::write(report[1], &status, sizeof(status));
    return 0;
  }
  ::close(report[1]);
  error = EIO;
  (void)!::read(report[0], &error, sizeof(error));
  ::close(report[0]);
  return pid;
}

}  // namespace

void begin_holding() {
  struct sigaction action = {};
  action.sa_handler = reap;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGCHLD, &action, nullptr);
  Jail jail;
  for (int at = 0; next_jail(at, kJailDying, jail); at = jail.jid) {
    if (jail.dying != 0) lost.push_back(jail.jid);
  }
}

void end_holding() {
  for (const Held& one : held) {
    if (one.pid != 0) ::kill(one.pid, SIGKILL);
  }
}

void note_inside(int jid) { inside.push_back(jid); }

void settle() {
  for (std::size_t i = 0; i < held.size() && inside.empty(); ++i) {
    const Unreaped unreaped;
    Held& one = held[i];
    Jail jail;
    if (one.pid == 0 || (next_jail(one.jid - 1, 0, jail) && jail.jid == one.jid)) continue;
    ::kill(one.pid, SIGKILL);  // a simulated jail ends its processes in the simulation alone
    if (one.parent == ::getpid()) {
      while (::waitpid(one.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    } else {
      for (int tries = 0; tries < kSettleTries && ::kill(one.pid, 0) == 0; ++tries) ::usleep(kSettlePause);
    }
    one.pid = 0;
  }
  const int tries = kept.empty() ? kSettleTries : kSettleTriesKept;
  for (int i = 0; i < tries && unsettled(); ++i) ::usleep(kSettlePause);
}

std::string hold(int jid) {
  int error = 0;
  const pid_t pid = enter(jid, error, -1);
  if (pid < 0) return answer(-1);
  if (pid == 0) {
    ::signal(SIGCHLD, SIG_DFL);
    ::close(0);
    ::close(1);
    // What is dropped later is gone then.
    for (const Kept& one : kept) ::close(one.fd);
    for (;;) ::pause();
  }
  if (error != 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    errno = error;
    return answer(-1);
  }
  const Unreaped unreaped;
  held.push_back({pid, jid, ::getpid()});
  return answer(pid);
}

std::string release() {
  if (held.empty()) {
    errno = ESRCH;
    return answer(-1);
  }
  const Unreaped unreaped;
  const Held one = held.back();
  held.pop_back();
  if (one.pid != 0) {
    ::kill(one.pid, SIGKILL);
    ::waitpid(one.pid, nullptr, 0);
  }
  return answer(0);
}

std::string keep(int jid) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return answer(-1);
  int error = 0;
  const pid_t pid = enter(jid, error, sockets[1]);
  if (pid == 0) ::_exit(0);
  ::close(sockets[1]);
  if (pid > 0) {
    if (error == 0) {
      const int file = Carrier().receive(sockets[0]);
      kept.push_back({::fcntl(file, F_DUPFD_CLOEXEC, kOwnDescriptors), jid});
      ::close(file);
    }
    ::waitpid(pid, nullptr, 0);
  }
  ::close(sockets[0]);
  if (pid < 0 || error != 0) {
    if (pid > 0) errno = error;
    return answer(-1);
  }
  return answer(0);
}

std::string drop() {
  if (kept.empty()) {
    errno = ESRCH;
    return answer(-1);
  }
  const Kept one = kept.back();
  kept.pop_back();
  ::close(one.fd);
  return answer(0);
}

#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "options.h"
#include "relay.h"
#include "status.h"
#include "system.h"

namespace bsdjail {
namespace {

struct Pair {
  int master = -1;
  int slave = -1;
};

// Opens a new terminal. 0, or an errno; then nothing is open.
int open_pair(Pair& pair) {
  pair.master = posix_openpt(O_RDWR | O_NOCTTY);
  if (pair.master < 0) return errno;
  int error = 0;
  const char* name = nullptr;
  if (grantpt(pair.master) != 0 || unlockpt(pair.master) != 0 || (name = ptsname(pair.master)) == nullptr) {
    error = errno;
  } else {
    // A plain /dev may hold anything under that name: neither follow a link nor wait for a fifo's other end.
    pair.slave = open(name, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (pair.slave < 0) {
      error = errno;
    } else if (isatty(pair.slave) != 1 || fcntl(pair.slave, F_SETFL, O_RDWR) != 0) {
      error = ENOTTY;
      close(pair.slave);
    }
  }
  if (error != 0) {
    close(pair.master);
    pair = {};
    return error;
  }
  fcntl(pair.master, F_SETFD, FD_CLOEXEC);
  return 0;
}

// One byte, with `master` beside it unless that is -1.
bool send_master(int link, int master) {
  char byte = master < 0 ? 'o' : 'i';
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (master >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &master, sizeof(int));
  }
  return sendmsg(link, &message, 0) == 1;
}

}  // namespace

void Terminal::split(const Status& status) {
  Pair outer;
  int no_outer = open_pair(outer);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) status.fail(Step::Terminal, errno, "socketpair(2)");
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  // Before the fork, so that no signal for the command is lost between.
  Relay relay(status);
  if (int error = relay.prepare()) status.fail(Step::Terminal, error, "signals");
  pid_t child = fork();
  if (child < 0) status.fail(Step::Terminal, errno, "fork(2)");
  if (child > 0) relay.run(child, ends[0], outer.master);
  relay.forget();
  close(ends[0]);
  if (no_outer == 0) close(outer.master);
  outer_slave_ = outer.slave;
  link_ = ends[1];
}

int Terminal::take(const Options& options) {
  Pair inner;
  int error = open_pair(inner);
  if (error != 0) {
    if (outer_slave_ < 0) return error;
    inner.slave = outer_slave_;
  }
  if (setsid() < 0) return errno;
  if (ioctl(inner.slave, TIOCSCTTY, 0) != 0) return errno;
  winsize size = {};
  size.ws_col = options.columns;
  size.ws_row = options.rows;
  if (ioctl(inner.slave, TIOCSWINSZ, &size) != 0) return errno;
  if (!send_master(link_, inner.master)) return errno;
  for (int fd = 0; fd < 3; fd++) {
    if (dup2(inner.slave, fd) < 0) return errno;
  }
  return 0;
}

}  // namespace bsdjail

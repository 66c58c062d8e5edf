#include "relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command.h"
#include "descriptors.h"
#include "status.h"

namespace bsdjail {
namespace {

constexpr int kForwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGALRM};
constexpr std::size_t kMostPending = 65536;

// A handler may touch nothing but these; there is one relay in a process.
int signal_pipe = -1;
termios saved_modes;
bool modes_saved = false;

void note_signal(int signal) {
  int saved = errno;
  unsigned char byte = static_cast<unsigned char>(signal);
  (void)!write(signal_pipe, &byte, 1);
  errno = saved;
}

void restore_modes() {
  if (modes_saved) tcsetattr(0, TCSAFLUSH, &saved_modes);
  modes_saved = false;
}

bool write_all(int fd, const char* bytes, std::size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd ready = {fd, POLLOUT, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (written < 0) return false;
    bytes += written;
    length -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

int Relay::prepare() {
  if (pipe(signals_) != 0) return errno;
  for (int fd : signals_) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  signal_pipe = signals_[1];
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (int signal : kForwarded) sigaction(signal, &action, nullptr);
  sigaction(SIGCHLD, &action, nullptr);
  sigaction(SIGWINCH, &action, nullptr);
  action.sa_handler = SIG_IGN;
  for (int signal : {SIGPIPE, SIGTTOU, SIGTTIN}) sigaction(signal, &action, nullptr);
  return 0;
}

void Relay::forget() {
  reset_signals();
  close(signals_[0]);
  close(signals_[1]);
}

void Relay::run(pid_t child, int link, int outer) {
  child_ = child;
  link_ = link;
  outer_ = outer;
  resize_ = status_.fd();
  // The command's other descriptors are the command's: an end of a pipe kept open here would never be seen closed.
  std::vector<int> keep = {0, 1, resize_, signals_[0], signals_[1], link_};
  if (outer_ >= 0) keep.push_back(outer_);
  if (int error = close_all_but(keep)) status_.fail(Step::Descriptors, error, "close_range(2)");
  for (;;) {
    pollfd fds[5] = {
        {signals_[0], POLLIN, 0},
        {link_, POLLIN, 0},
        {resize_, POLLIN, 0},
        {master_ >= 0 && pending_.size() < kMostPending ? input_ : -1, POLLIN, 0},
        {master_, static_cast<short>(pending_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
    };
    if (poll(fds, 5, -1) < 0 && errno != EINTR) status_.fail(Step::Terminal, errno, "poll(2)");
    if (fds[1].revents != 0) receive_master();
    if (fds[2].revents != 0) on_resize();
    if (fds[3].revents != 0) read_input();
    if ((fds[4].revents & POLLOUT) != 0) write_input();
    if ((fds[4].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_output();
    // Last, so that what the command wrote before it ended has its chance.
    if (fds[0].revents != 0) on_signals();
    if (ended_) {
      drain();
      leave();
    }
  }
}

// The link brings one byte and perhaps a descriptor; it closes when the command begins.
void Relay::receive_master() {
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = recvmsg(link_, &message, 0);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    close(link_);
    link_ = -1;
    if (master_ >= 0) status_.tell("started");
    return;
  }
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    std::memcpy(&master_, CMSG_DATA(header), sizeof(int));
    if (outer_ >= 0) close(outer_);
  } else {
    master_ = outer_;
  }
  outer_ = -1;
  fcntl(master_, F_SETFD, FD_CLOEXEC);
  fcntl(master_, F_SETFL, O_RDWR | O_NONBLOCK);
  if (isatty(0) == 1 && tcgetattr(0, &saved_modes) == 0) {
    termios raw = saved_modes;
    cfmakeraw(&raw);
    if (tcsetattr(0, TCSANOW, &raw) == 0) modes_saved = true;
    copy_size();
  }
}

void Relay::on_signals() {
  unsigned char caught[64];
  ssize_t count = read(signals_[0], caught, sizeof caught);
  for (ssize_t at = 0; at < count; at++) {
    if (caught[at] == SIGCHLD) {
      ended_ = ended_ || waitpid(child_, &wait_status_, WNOHANG) == child_;
    } else if (caught[at] == SIGWINCH) {
      copy_size();
    } else if (!ended_) {
      kill(child_, caught[at]);
    }
  }
}

// "size COLUMNS ROWS\n" from whoever started us.
void Relay::on_resize() {
  char bytes[256];
  ssize_t got = read(resize_, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    resize_ = -1;
    return;
  }
  words_.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t end; (end = words_.find('\n')) != std::string::npos; words_.erase(0, end + 1)) {
    unsigned columns = 0;
    unsigned rows = 0;
    if (std::sscanf(words_.c_str(), "size %u %u", &columns, &rows) == 2) set_size(columns, rows);
  }
  if (words_.size() > 256) words_.clear();
}

void Relay::read_input() {
  char bytes[16384];
  ssize_t got = read(input_, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) {
    pending_.append(bytes, static_cast<std::size_t>(got));
    return;
  }
  input_ = -1;
  // The end of the input is the end of file as a person types it, where the command reads lines.
  termios modes;
  if (tcgetattr(master_, &modes) == 0 && (modes.c_lflag & ICANON) != 0) {
    pending_.push_back(static_cast<char>(modes.c_cc[VEOF]));
  }
}

void Relay::write_input() {
  ssize_t written = write(master_, pending_.data(), pending_.size());
  if (written > 0) pending_.erase(0, static_cast<std::size_t>(written));
}

void Relay::read_output() {
  char bytes[16384];
  ssize_t got = read(master_, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  // Nobody reads any more: the command learns it as from a terminal that was closed.
  if (got <= 0 || !write_all(1, bytes, static_cast<std::size_t>(got))) {
    close(master_);
    master_ = -1;
    pending_.clear();
  }
}

void Relay::copy_size() const {
  winsize size;
  if (ioctl(0, TIOCGWINSZ, &size) == 0) set_size(size.ws_col, size.ws_row);
}

void Relay::set_size(unsigned columns, unsigned rows) const {
  if (master_ < 0 || columns > 65535 || rows > 65535) return;
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  ioctl(master_, TIOCSWINSZ, &size);
}

// The command has ended; what it wrote may still be in the terminal. Others that hold the terminal are not waited for.
void Relay::drain() {
  while (link_ >= 0) receive_master();
  while (master_ >= 0) {
    pollfd ready = {master_, POLLIN, 0};
    if (poll(&ready, 1, 0) <= 0) break;
    read_output();
  }
}

void Relay::leave() {
  restore_modes();
  if (WIFEXITED(wait_status_)) _exit(WEXITSTATUS(wait_status_));
  int signal = WTERMSIG(wait_status_);
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  reset_signals();
  kill(getpid(), signal);
  _exit(128 + signal);
}

}  // namespace bsdjail

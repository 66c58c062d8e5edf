// Makes jail system calls for scripts/conformance: a process of a real machine, or, linked with the C library, of a
// simulated one. Reads requests from standard input and answers each on standard output, a line each.
//
//   jail_set FLAGS ENTRY...   jail_get FLAGS ENTRY...   an ENTRY is "xHEX", those bytes, or "nLENGTH", a NULL base
//   jail_remove JID   jail_remove_jd FD   close FD      sysctl NAME [xHEX]
//   fork                      from here on the child answers, until "exit"; then its parent goes on
//   jail_attach JID   setuid UID                        for a child
//   hold JID     release      a child that waits in the jail; the last one is ended
//   keep JID     drop         a file opened in the jail, which keeps it dying when it is removed; the last one is closed
//   kernel                    1 where a real kernel answers
//
// The answer is "ok VALUE" or "error NUMBER NAME" (FreeBSD's), after that the entries' lengths and bytes, or the sysctl's;
// "ended DEPTH" where a child did not live to answer, from the process of that depth, which goes on.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sys/jail.h>
#include <sys/sysctl.h>

#include "../kernel/errno.h"

namespace {

constexpr int kJailAttach = 0x04;
constexpr int kJailDying = 0x08;
// Descriptors of our own lie above those that a scenario sees.
constexpr int kOwnDescriptors = 200;
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
int depth = 0;            // 0 for the first process, 1 for its child
std::string pending;  // what was read beyond the last line

void write_line(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(1, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) std::exit(1);
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
}

// A byte at a time would do too, but for the speed. Requests come one by one, so nothing of a child's is read here.
bool read_line(std::string& line) {
  for (;;) {
    const std::size_t end = pending.find('\n');
    if (end != std::string::npos) {
      line = pending.substr(0, end);
      pending.erase(0, end + 1);
      return true;
    }
    char buffer[65536];
    const ssize_t got = ::read(0, buffer, sizeof(buffer));
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
    if (got > 0) pending.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string answer(long value) {
  if (value >= 0) return "ok " + std::to_string(value);
  const int error = bsdjail::errno_from_host(errno);
  return "error " + std::to_string(error) + " " + std::string(bsdjail::errno_name(error));
}

// What only newer systems have.
int with_descriptor(const char* call, int fd) {
  using Call = int (*)(int);
  const auto function = reinterpret_cast<Call>(::dlsym(RTLD_DEFAULT, call));
  if (function != nullptr) return function(fd);
  errno = ENOSYS;
  return -1;
}

std::string list_call(bool set, const std::vector<std::string>& words) {
  std::vector<std::string> bytes(words.size());
  std::vector<struct iovec> list;
  for (std::size_t i = 2; i < words.size(); ++i) {
    struct iovec entry = {};
    if (words[i][0] == 'x') {
      bytes[i] = from_hex(std::string_view(words[i]).substr(1));
      entry.iov_base = bytes[i].data();
      entry.iov_len = bytes[i].size();
    } else {
      entry.iov_len = std::strtoull(words[i].c_str() + 1, nullptr, 10);
    }
    list.push_back(entry);
  }
  const int flags = std::atoi(words[1].c_str());
  const auto count = static_cast<unsigned int>(list.size());
  std::string line = answer(set ? ::jail_set(list.data(), count, flags) : ::jail_get(list.data(), count, flags));
  for (std::size_t i = 0; i < list.size(); ++i) {
    line += " " + std::to_string(list[i].iov_len) + ":";
    line += list[i].iov_base == nullptr ? "-" : to_hex(bytes[i + 2]);
  }
  return line;
}

std::string sysctl_call(const std::vector<std::string>& words) {
  const std::string value = words.size() > 2 ? from_hex(std::string_view(words[2]).substr(1)) : std::string();
  std::string old(1 << 20, '\0');
  std::size_t length = old.size();
  const bool write = words.size() > 2;
  const int result =
      ::sysctlbyname(words[1].c_str(), old.data(), &length, write ? value.data() : nullptr, write ? value.size() : 0);
  std::string line = answer(result);
  return result < 0 ? line : line + " " + to_hex(std::string_view(old).substr(0, length));
}

struct Jail {
  int jid = 0;
  int persist = 0;
  int dying = 0;
  int children = 0;
};

// The first jail after that one.
bool next_jail(int after, int flags, Jail& jail) {
  char lastjid[] = "lastjid", persist[] = "persist", dying[] = "dying", children[] = "children.cur";
  struct iovec list[] = {{lastjid, sizeof(lastjid)},   {&after, sizeof(after)},
                         {persist, sizeof(persist)},   {&jail.persist, sizeof(jail.persist)},
                         {dying, sizeof(dying)},       {&jail.dying, sizeof(jail.dying)},
                         {children, sizeof(children)}, {&jail.children, sizeof(jail.children)}};
  jail.jid = ::jail_get(list, sizeof(list) / sizeof(list[0]), flags);
  return jail.jid > 0;
}

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

// Waits until the jails that have begun to end are gone, and the processes that go with them.
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

void serve(bool child);

// The child answers until it exits.
void fork_child() {
  const pid_t pid = ::fork();
  if (pid < 0) {
    write_line(answer(-1));
    return;
  }
  if (pid == 0) {
    ++depth;
    write_line("ok " + std::to_string(::getpid()));
    serve(true);
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  settle();
  write_line(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "ok 0" : "ended " + std::to_string(depth));
}

void serve(bool child) {
  for (std::string line; read_line(line);) {
    const std::vector<std::string> words = split(line);
    const std::string& request = words[0];
    const int number = words.size() > 1 ? std::atoi(words[1].c_str()) : 0;
    bool ends = false;  // jails may end by it
    std::string reply;
    if (request == "jail_get") {
      reply = list_call(false, words);
    } else if (request == "jail_set") {
      reply = list_call(true, words);
      if ((number & kJailAttach) != 0 && reply[0] == 'o') inside.push_back(std::atoi(reply.c_str() + 3));
      ends = true;
    } else if (request == "jail_remove") {
      reply = answer(::jail_remove(number));
      ends = true;
    } else if (request == "jail_remove_jd") {
      reply = answer(with_descriptor("jail_remove_jd", number));
      ends = true;
    } else if (request == "close") {
      reply = answer(::close(number));
      ends = true;
    } else if (request == "sysctl") {
      reply = sysctl_call(words);
    } else if (request == "jail_attach" && child) {
      reply = answer(::jail_attach(number));
      inside.push_back(number);
    } else if (request == "setuid" && child) {
      reply = answer(::setuid(static_cast<uid_t>(number)));
    } else if (request == "hold") {
      reply = hold(number);
    } else if (request == "release") {
      reply = release();
      ends = true;
    } else if (request == "keep") {
      reply = keep(number);
    } else if (request == "drop") {
      reply = drop();
      ends = true;
    } else if (request == "kernel") {
#ifdef __FreeBSD__
      reply = answer(1);
#else
      reply = answer(0);
#endif
    } else if (request == "fork") {
      fork_child();
      continue;
    } else if (request == "exit" && child) {
      return;
    } else {
      errno = EINVAL;
      reply = answer(-1);
    }
    if (ends) settle();
    write_line(reply);
  }
}

}  // namespace

int main() {
  // Scenarios see the lowest free descriptor: nothing of whoever started us may be open, and FreeBSD 15 must be told that 3
  // is free, since a fork forgets that of what was a kqueue in the parent.
  for (int fd = 3; fd < kOwnDescriptors; ++fd) ::close(fd);
  if (::dup2(2, 3) == 3) ::close(3);
  struct sigaction action = {};
  action.sa_handler = reap;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGCHLD, &action, nullptr);
  Jail jail;
  for (int at = 0; next_jail(at, kJailDying, jail); at = jail.jid) {
    if (jail.dying != 0) lost.push_back(jail.jid);
  }
  serve(false);
  for (const Held& one : held) {
    if (one.pid != 0) ::kill(one.pid, SIGKILL);
  }
  return 0;
}

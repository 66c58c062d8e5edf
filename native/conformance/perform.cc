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
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/param.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sys/jail.h>

#include "calls.h"
#include "holders.h"
#include "wire.h"

namespace {

int depth = 0;  // 0 for the first process, 1 for its child

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
      if ((number & kJailAttach) != 0 && reply[0] == 'o') note_inside(std::atoi(reply.c_str() + 3));
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
      note_inside(number);
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
  begin_holding();
  serve(false);
  end_holding();
  return 0;
}

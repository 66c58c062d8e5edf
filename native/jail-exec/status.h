// The channel on which jail-exec says how far it came: records that end in NUL, fields parted by tabs.
//
//   exec                                  the next thing is execve(2): when the channel then closes, the command runs
//   failed <step> <errno> <NAME> <detail> this step failed; errno is 0 where no system call did ("no such user")
//   jail <jid>                            the jail was made (DragonFly), and this process is in it
//   ended                                 no process of the jail is left but this one
//   started                               the command runs at its own terminal; the channel stays open for resizing
#pragma once

#include <string>

namespace bsdjail {

// In the order in which they are done.
enum class Step { Options, Descriptors, HostUser, Terminal, Fib, Attach, Directory, User, Groups, Class, Limits, Exec };

class Status {
 public:
  explicit Status(int fd) : fd_(fd) {}
  int fd() const { return fd_; }
  void set_fd(int fd) { fd_ = fd; }

  void tell(const char* kind) const;
  // Tells the failure and leaves: 127 for a command that is not there, 126 for one that cannot be run, else 125.
  [[noreturn]] void fail(Step step, int error, const std::string& detail) const;

 private:
  int fd_;
};

const char* step_name(Step step);

}  // namespace bsdjail

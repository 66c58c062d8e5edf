// A terminal of its own for the command. This process stays outside the jail and carries bytes between its own standard
// streams and the terminal; its child goes on to enter the jail and to become the command.
//
// The terminal is made inside, after the attach, where the jail has a /dev: devfs shows a terminal only to the jail it
// was made in, so one from outside could not be opened again ("/dev/tty" works, "/dev/pts/3" does not). Without a
// /dev the one made outside is used.
#pragma once

namespace bsdjail {

struct Options;
class Status;

class Terminal {
 public:
  // Forks. Returns in the child alone; the parent stays in here and leaves with the command's status or signal.
  void split(const Status& status);
  // In the child, as the command's user: a session of its own, the terminal on 0, 1 and 2. 0, or an errno.
  int take(const Options& options);
  // What must stay open in the child until take().
  int outer_slave() const { return outer_slave_; }
  int link() const { return link_; }

 private:
  int outer_slave_ = -1;  // the other end of a terminal made outside
  int link_ = -1;         // to the parent: carries the master of a terminal made inside
};

}  // namespace bsdjail

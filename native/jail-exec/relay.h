// Carries bytes between this process's standard streams and a command's terminal, forwards signals, keeps the size.
#pragma once

#include <sys/types.h>

#include <string>

namespace bsdjail {

class Status;

class Relay {
 public:
  explicit Relay(const Status& status) : status_(status) {}
  // Catches the signals that are forwarded. 0, or an errno.
  int prepare();
  // Undoes prepare() in the forked child.
  void forget();
  // `link` brings the master made inside, or the word that `outer` is the one. Never returns.
  [[noreturn]] void run(pid_t child, int link, int outer);

 private:
  void receive_master();
  void on_signals();
  void on_resize();
  void read_input();
  void read_output();
  void write_input();
  void copy_size() const;
  void set_size(unsigned columns, unsigned rows) const;
  void drain();
  [[noreturn]] void leave();

  const Status& status_;
  int signals_[2] = {-1, -1};
  int link_ = -1;
  int outer_ = -1;
  int master_ = -1;
  int resize_ = -1;
  int input_ = 0;  // -1 once it has ended
  pid_t child_ = -1;
  bool ended_ = false;
  int wait_status_ = 0;
  std::string pending_;  // read from the input, not yet taken by the terminal
  std::string words_;    // an unfinished request for a size
};

}  // namespace bsdjail

// The command's environment. It comes in our own with prefixed names ("E:PATH=/bin", "B:LANG=C"), so that a variable
// meant for the command ("LD_PRELOAD") does nothing to us on the host, and no list of processes shows it.
#pragma once

#include <vector>

namespace bsdjail {

class Account;
struct Options;

class Environment {
 public:
  // Takes all variables out of this process; what `pass` names is the command's as it is.
  void take(const std::vector<const char*>& pass);
  // Starts `environ` afresh: a login's (PATH, TERM), the host's own ("B:"), or nothing.
  void begin(const Options& options);
  // USER, HOME and SHELL; `account` is null where the jail does not know our user.
  void describe(const Account* account) const;
  // On top of all: what was asked for ("E:"), in its order where there is nothing else.
  void finish();

 private:
  void become(const std::vector<char*>& variables);

  std::vector<char*> base_;
  std::vector<char*> own_;
  std::vector<char*> whole_;
};

}  // namespace bsdjail

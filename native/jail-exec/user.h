// Who the command runs as: looked up in the host's password file before the attach, or in the jail's after it.
#pragma once

#include <pwd.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "system.h"

namespace bsdjail {

// An account and all that is read from files about it, so that nothing more is read once it has been found.
class Account {
 public:
  // By name, or by this process's user id where `name` is null. False with `error` when there is none:
  // 0 for "no such user", else the errno of what could not be read.
  bool find(const char* name, int& error);
  const passwd& entry() const { return entry_; }
  // setgid, groups: 0 or an errno. The first group is the account's own, because kernels before FreeBSD 15 take the
  // effective group from the list and later ones do not.
  int enter_groups() const;
  int apply_class(const ClassParts& parts) const { return class_->apply(entry_, parts); }

 private:
  passwd entry_ = {};
  std::string name_;
  std::string home_;
  std::string shell_;
  std::string class_name_;
  std::vector<gid_t> groups_;
  std::unique_ptr<LoginClass> class_;
};

}  // namespace bsdjail

#include "user.h"

#include <grp.h>
#include <unistd.h>

#include <cerrno>

namespace bsdjail {
namespace {

// All groups of `name`, its own one first.
std::vector<gid_t> groups_of(const char* name, gid_t own) {
  int count = 64;
  std::vector<gid_t> groups;
#ifdef __APPLE__
  using Group = int;
#else
  using Group = gid_t;
#endif
  for (;;) {
    groups.resize(static_cast<std::size_t>(count));
    int found = count;
    if (getgrouplist(name, static_cast<Group>(own), reinterpret_cast<Group*>(groups.data()), &found) >= 0) {
      groups.resize(static_cast<std::size_t>(found));
      break;
    }
    // FreeBSD before 15 says only that there were too many, not how many there are.
    count = found > count ? found : count * 2;
    if (count > 65536) {
      groups.clear();
      break;
    }
  }
  if (groups.empty() || groups.front() != own) groups.insert(groups.begin(), own);
  return groups;
}

}  // namespace

bool Account::find(const char* name, int& error) {
  errno = 0;
  const passwd* found = name != nullptr ? getpwnam(name) : getpwuid(getuid());
  if (found == nullptr) {
    // A password file that is not there holds nobody.
    error = errno == ENOENT || errno == ESRCH ? 0 : errno;
    return false;
  }
  name_ = found->pw_name;
  home_ = found->pw_dir;
  shell_ = found->pw_shell;
  entry_ = *found;
  entry_.pw_name = name_.data();
  entry_.pw_dir = home_.data();
  entry_.pw_shell = shell_.data();
  // setusercontext(3) looks at nothing beyond these and the class; what points into libc's buffer must not stay.
#if defined(__FreeBSD__) || defined(__DragonFly__)
  class_name_ = found->pw_class != nullptr ? found->pw_class : "";
  entry_.pw_class = class_name_.data();
#endif
  entry_.pw_passwd = nullptr;
  entry_.pw_gecos = nullptr;
  groups_ = groups_of(name_.c_str(), entry_.pw_gid);
  class_ = system_open_class(entry_, error);
  endpwent();
  endgrent();
  return class_ != nullptr;
}

int Account::enter_groups() const {
  // Without the right to, this process can only be who it is already; then there is nothing to change.
  if (geteuid() != 0) return entry_.pw_uid == getuid() ? 0 : EPERM;
  if (setgid(entry_.pw_gid) != 0) return errno;
  // The kernel's limit decides how many of the list are taken, as initgroups(3) does.
  long most = sysconf(_SC_NGROUPS_MAX);
  std::size_t count = groups_.size();
  if (most > 0 && count > static_cast<std::size_t>(most)) count = static_cast<std::size_t>(most);
  if (setgroups(static_cast<int>(count), groups_.data()) != 0) return errno;
  return 0;
}

}  // namespace bsdjail

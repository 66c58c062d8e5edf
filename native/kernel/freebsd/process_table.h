// The kernel's table of processes by sysctl(3), as FreeBSD and DragonFly both have it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bsdjail {

// Names of users by the password file, each looked up once; the digits of one that it does not have.
class UserNames {
 public:
  const std::string& of(uid_t uid);

 private:
  std::map<uid_t, std::string> known_;
};

// All of a sysctl's answer, whose rows may become more while it is copied. 0, or an errno.
int read_rows(const std::vector<int>& name, std::size_t row, std::vector<char>& answer);

// A process's arguments parted by blanks; "[name]" where the kernel has none, as ps(1) shows it.
std::string command_of(int pid, const char* name, std::size_t name_room);

inline std::int64_t milliseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_usec / 1000;
}

}  // namespace bsdjail

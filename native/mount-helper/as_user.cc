#include "as_user.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../jail-exec/user.h"
#include "answer.h"

namespace bsdjail {
namespace {

// What a shell says of a command that cannot be run, and of one that is not there.
constexpr int kNotRunnable = 126;
constexpr int kNotFound = 127;

int say(const char* what, int error) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(error));
  return kFailed;
}

}  // namespace

int run_as(const char* user, bool clean, const std::vector<char*>& command) {
  system_prepare();
  Account account;
  int error = 0;
  if (!account.find(user, error)) {
    if (error != 0) return say(user != nullptr ? user : "getpwuid", error);
    std::fprintf(stderr, "%s: no such user\n", user != nullptr ? user : "this user id");
    return kFailed;
  }
  const passwd& entry = account.entry();
  if (user != nullptr) {
    if ((error = account.enter_groups()) != 0) return say("setgroups", error);
  }
  ClassParts parts;
  parts.environment = clean;
  parts.user = user != nullptr;
  if ((error = account.apply_class(parts)) != 0) return say("setusercontext", error);
  setenv("USER", entry.pw_name, 1);
  setenv("HOME", entry.pw_dir, 1);
  setenv("SHELL", *entry.pw_shell != '\0' ? entry.pw_shell : "/bin/sh", 1);
  // jail(8): a clean start as another user is one in that user's home.
  if (clean && user != nullptr && chdir(entry.pw_dir) != 0) return say(entry.pw_dir, errno);
  execvp(command[0], command.data());
  error = errno;
  say(command[0], error);
  return error == ENOENT ? kNotFound : kNotRunnable;
}

int print_user(const char* name) {
  errno = 0;
  const passwd* found = getpwnam(name);
  if (found == nullptr) {
    if (errno != 0 && errno != ENOENT && errno != ESRCH) return tell_failure(errno, "getpwnam", name);
    return 0;
  }
  for (const std::string& field : {std::string(found->pw_name), std::to_string(found->pw_uid),
                                   std::to_string(found->pw_gid), std::string(found->pw_dir),
                                   std::string(found->pw_shell)}) {
    put_field(field);
  }
  return 0;
}

}  // namespace bsdjail

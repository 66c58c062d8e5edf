#include "command.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "options.h"
#include "system.h"

extern char** environ;

namespace bsdjail {
namespace {

constexpr const char* kDefaultPath = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin";

// What the errno of a failed execve(2) does not say about `path`.
std::string explain(const std::string& path, int error) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return path + ": " + std::strerror(error);
  if (S_ISDIR(status.st_mode)) return path + ": is a directory";
  if (error == ENOENT) return path + ": its interpreter or run-time linker is not in the jail";
  if (error == ENOEXEC) return path + ": is neither a program nor a script that names its interpreter";
  if (error == EACCES && (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return path + ": is not executable";
  if (error == E2BIG) return path + ": arguments and environment are more than the kernel takes";
  return path + ": " + std::strerror(error);
}

// As execvp(3), but never by way of a shell, and remembering the first that was there and could not be run.
int search(const char* name, char** arguments, std::string& detail) {
  const char* path = std::getenv("PATH");
  if (path == nullptr) path = kDefaultPath;
  int refused = 0;
  for (const char* at = path;; at++) {
    const char* end = std::strchr(at, ':');
    std::size_t length = end != nullptr ? static_cast<std::size_t>(end - at) : std::strlen(at);
    // An empty part is the working directory.
    std::string candidate = (length == 0 ? std::string(".") : std::string(at, length)) + "/" + name;
    execve(candidate.c_str(), arguments, environ);
    int error = errno;
    struct stat status;
    bool missing = (error == ENOENT || error == ENOTDIR) && stat(candidate.c_str(), &status) != 0;
    if (!missing && error != ENAMETOOLONG && error != ELOOP && refused == 0) {
      refused = error;
      detail = explain(candidate, error);
      if (error != EACCES) return refused;
    }
    if (end == nullptr) break;
    at = end;
  }
  if (refused != 0) return refused;
  detail = std::string(name) + ": not found in " + (*path != '\0' ? path : "an empty PATH");
  return ENOENT;
}

}  // namespace

void reset_signals() {
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

int reset_open_files(int wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
  if (wanted >= 0) {
    if (limit.rlim_max != RLIM_INFINITY && static_cast<rlim_t>(wanted) > limit.rlim_max) return EINVAL;
    limit.rlim_cur = static_cast<rlim_t>(wanted);
  } else {
    // Only Node's own doing is undone: it makes the two the same.
    long before = system_open_files_before_parent();
    if (before <= 0 || limit.rlim_cur != limit.rlim_max || static_cast<rlim_t>(before) >= limit.rlim_cur) return 0;
    limit.rlim_cur = static_cast<rlim_t>(before);
  }
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : errno;
}

int become_command(const Options& options, std::string& detail) {
  const char* name = options.command[0];
  std::string own_name = options.argv0 != nullptr ? options.argv0 : name;
  char** arguments = options.command;
  arguments[0] = own_name.data();
  if (*name == '\0') {
    detail = "the command's name is empty";
    return ENOENT;
  }
  if (std::strchr(name, '/') == nullptr) return search(name, arguments, detail);
  execve(name, arguments, environ);
  int error = errno;
  detail = explain(name, error);
  return error;
}

}  // namespace bsdjail

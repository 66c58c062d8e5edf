#include "status.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "../kernel/errno.h"

namespace bsdjail {
namespace {

constexpr const char* kSteps[] = {"options",   "descriptors", "host-user", "terminal", "fib",    "attach",
                                  "directory", "user",        "groups",    "class",    "limits", "exec"};

constexpr int kFailed = 125;
constexpr int kCannotRun = 126;
constexpr int kNotFound = 127;

void write_all(int fd, const char* bytes, std::size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0) {
      if (errno == EINTR) continue;
      return;
    }
    bytes += written;
    length -= static_cast<std::size_t>(written);
  }
}

}  // namespace

const char* step_name(Step step) { return kSteps[static_cast<int>(step)]; }

void Status::tell(const char* kind) const { write_all(fd_, kind, std::strlen(kind) + 1); }

void Status::fail(Step step, int error, const std::string& detail) const {
  std::string record = std::string("failed\t") + step_name(step) + "\t" + std::to_string(error) + "\t" +
                       std::string(errno_name(errno_from_host(error))) + "\t" + detail;
  if (fd_ >= 0) {
    write_all(fd_, record.c_str(), record.size() + 1);
  } else {
    // Called by hand, without a channel: say it where a person looks.
    std::fprintf(stderr, "jail-exec: %s: %s\n", step_name(step), detail.c_str());
  }
  if (step != Step::Exec) _exit(kFailed);
  _exit(error == ENOENT ? kNotFound : kCannotRun);
}

}  // namespace bsdjail

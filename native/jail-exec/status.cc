#include "status.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bsdjail {
namespace {

struct Name {
  int error;
  const char* name;
};

#define BSDJAIL_ERRNO(name) {name, #name}
constexpr Name kNames[] = {
    BSDJAIL_ERRNO(EPERM),        BSDJAIL_ERRNO(ENOENT),    BSDJAIL_ERRNO(ESRCH),     BSDJAIL_ERRNO(EINTR),
    BSDJAIL_ERRNO(EIO),          BSDJAIL_ERRNO(ENXIO),     BSDJAIL_ERRNO(E2BIG),     BSDJAIL_ERRNO(ENOEXEC),
    BSDJAIL_ERRNO(EBADF),        BSDJAIL_ERRNO(ECHILD),    BSDJAIL_ERRNO(EDEADLK),   BSDJAIL_ERRNO(ENOMEM),
    BSDJAIL_ERRNO(EACCES),       BSDJAIL_ERRNO(EFAULT),    BSDJAIL_ERRNO(EBUSY),     BSDJAIL_ERRNO(EEXIST),
    BSDJAIL_ERRNO(EXDEV),        BSDJAIL_ERRNO(ENODEV),    BSDJAIL_ERRNO(ENOTDIR),   BSDJAIL_ERRNO(EISDIR),
    BSDJAIL_ERRNO(EINVAL),       BSDJAIL_ERRNO(ENFILE),    BSDJAIL_ERRNO(EMFILE),    BSDJAIL_ERRNO(ENOTTY),
    BSDJAIL_ERRNO(ETXTBSY),      BSDJAIL_ERRNO(EFBIG),     BSDJAIL_ERRNO(ENOSPC),    BSDJAIL_ERRNO(EROFS),
    BSDJAIL_ERRNO(EMLINK),       BSDJAIL_ERRNO(EPIPE),     BSDJAIL_ERRNO(EDOM),      BSDJAIL_ERRNO(ERANGE),
    BSDJAIL_ERRNO(EAGAIN),       BSDJAIL_ERRNO(ENOTSOCK),  BSDJAIL_ERRNO(EOPNOTSUPP), BSDJAIL_ERRNO(ETIMEDOUT),
    BSDJAIL_ERRNO(ELOOP),        BSDJAIL_ERRNO(ENAMETOOLONG), BSDJAIL_ERRNO(ESTALE), BSDJAIL_ERRNO(ENOSYS),
    BSDJAIL_ERRNO(EOVERFLOW),    BSDJAIL_ERRNO(ECANCELED), BSDJAIL_ERRNO(EILSEQ),    BSDJAIL_ERRNO(EBADMSG),
#ifdef ECAPMODE
    BSDJAIL_ERRNO(ENOTCAPABLE),  BSDJAIL_ERRNO(ECAPMODE),  BSDJAIL_ERRNO(EPROCLIM),
#endif
};
#undef BSDJAIL_ERRNO

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

const char* errno_name(int error) {
  for (const Name& name : kNames) {
    if (name.error == error) return name.name;
  }
  return "";
}

const char* step_name(Step step) { return kSteps[static_cast<int>(step)]; }

void Status::tell(const char* kind) const { write_all(fd_, kind, std::strlen(kind) + 1); }

void Status::fail(Step step, int error, const std::string& detail) const {
  std::string record = std::string("failed\t") + step_name(step) + "\t" + std::to_string(error) + "\t" +
                       errno_name(error) + "\t" + detail;
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

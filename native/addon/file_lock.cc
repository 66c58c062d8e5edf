#include "file_lock.h"

#include <sys/file.h>

#include <cerrno>

#include "arguments.h"

namespace bsdjail {

Napi::Value lock_descriptor(const Napi::CallbackInfo& info) {
  const int fd = int_argument(info, 0, "fd");
  int status = 0;
  do {
    status = ::flock(fd, LOCK_EX);
  } while (status != 0 && errno == EINTR);
  return Napi::Number::New(info.Env(), status == 0 ? 0 : errno);
}

}  // namespace bsdjail

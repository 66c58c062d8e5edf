#include "state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bsdjail::simulated {
namespace {

constexpr off_t kMaxSize = 256 * 1024 * 1024;

std::string failure(const char* what, const std::string& path) {
  return std::string("cannot ") + what + " " + path + ": " + std::strerror(errno);
}

#ifdef __APPLE__
const timespec& modified(const struct stat& info) { return info.st_mtimespec; }
#else
const timespec& modified(const struct stat& info) { return info.st_mtim; }
#endif

bool write_all(int fd, const std::string& text) {
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t step = ::write(fd, text.data() + written, text.size() - written);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return false;
    written += static_cast<std::size_t>(step);
  }
  return true;
}

}  // namespace

FileLock::~FileLock() { ::close(fd_); }

std::unique_ptr<FileLock> StateFile::lock(std::string& problem) const {
  const std::string path = path_ + ".lock";
  // Opened anew each time: a lock belongs to the open file, which a fork would share.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    problem = failure("open", path);
    return nullptr;
  }
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    problem = failure("lock", path);
    ::close(fd);
    return nullptr;
  }
  return std::make_unique<FileLock>(fd);
}

StateFile::Change StateFile::look(std::string& problem) const {
  struct stat info;
  if (::stat(path_.c_str(), &info) != 0) {
    if (errno == ENOENT) return Change::kMissing;
    problem = failure("look at", path_);
    return Change::kFailed;
  }
  if (!S_ISREG(info.st_mode)) {
    problem = path_ + " is not a file";
    return Change::kFailed;
  }
  const Stamp now{static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino),
                  static_cast<std::uint64_t>(info.st_size), modified(info).tv_sec, modified(info).tv_nsec};
  return now == stamp_ ? Change::kNone : Change::kChanged;
}

bool StateFile::load(std::string& text, std::string& problem) {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    problem = failure("read", path_);
    if (fd >= 0) ::close(fd);
    return false;
  }
  if (info.st_size > kMaxSize) {
    problem = path_ + " is too large for a state file";
    ::close(fd);
    return false;
  }
  text.resize(static_cast<std::size_t>(info.st_size));
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t step = ::read(fd, text.data() + length, text.size() - length);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) {
      problem = failure("read", path_);
      ::close(fd);
      return false;
    }
    if (step == 0) break;
    length += static_cast<std::size_t>(step);
  }
  ::close(fd);
  text.resize(length);
  stamp_ = {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino),
            static_cast<std::uint64_t>(info.st_size), modified(info).tv_sec, modified(info).tv_nsec};
  return true;
}

bool StateFile::store(const std::string& text, std::string& problem) {
  const std::string path = path_ + ".new";
  // Only the holder of the lock writes here, so one that lies about is what a crash has left.
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    problem = failure("write", path);
    return false;
  }
  struct stat info;
  const bool written = write_all(fd, text) && ::fsync(fd) == 0 && ::fstat(fd, &info) == 0;
  if (!written) problem = failure("write", path);
  ::close(fd);
  if (written && ::rename(path.c_str(), path_.c_str()) == 0) {
    stamp_ = {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino),
              static_cast<std::uint64_t>(info.st_size), modified(info).tv_sec, modified(info).tv_nsec};
    return true;
  }
  if (written) problem = failure("replace", path_);
  ::unlink(path.c_str());
  return false;
}

}  // namespace bsdjail::simulated

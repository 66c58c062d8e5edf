#include "host_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bsdjail::simulated {
namespace {

// The state letter and the start time from /proc, as Linux has it.
bool read_stat(int pid, char& state, std::uint64_t& start) {
#ifdef __linux__
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[1024];
  const ssize_t length = ::read(fd, text, sizeof(text) - 1);
  ::close(fd);
  if (length <= 0) return false;
  text[length] = '\0';
  // The command's name stands in parentheses and may hold anything, these included.
  const char* at = std::strrchr(text, ')');
  if (at == nullptr || at[1] != ' ') return false;
  at += 2;
  state = *at;
  for (int field = 3; field < 22; ++field) {
    at = std::strchr(at, ' ');
    if (at == nullptr) return false;
    ++at;
  }
  start = std::strtoull(at, nullptr, 10);
  return true;
#else
  (void)pid;
  (void)state;
  (void)start;
  return false;
#endif
}

}  // namespace

std::uint64_t host_process_start(int pid) {
  char state = 0;
  std::uint64_t start = 0;
  return read_stat(pid, state, start) ? start : 0;
}

bool host_process_runs(int pid, std::uint64_t start) {
  if (::kill(pid, 0) != 0 && errno != EPERM) return false;
  char state = 0;
  std::uint64_t now = 0;
  if (!read_stat(pid, state, now)) return true;
  return state != 'Z' && state != 'X' && (start == 0 || now == start);
}

}  // namespace bsdjail::simulated

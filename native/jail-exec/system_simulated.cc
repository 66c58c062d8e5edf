// A machine without jails: nothing is entered. BSDJAIL_EXEC_ATTACH says what the attach answers, an errno's number
// (default: it succeeds), after the kernel's own first check: an open directory refuses it. -1: it never comes back.
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "descriptors.h"
#include "system.h"

namespace bsdjail {
namespace {

int attach_answer = 0;

int simulated_attach() {
  while (attach_answer < 0) pause();
  if (attach_answer != 0) return attach_answer;
  std::vector<int> all;
  for (int fd = 0; fd < 256; fd++) all.push_back(fd);
  return directories_among(all).empty() ? 0 : EPERM;
}

class SimulatedClass final : public LoginClass {
 public:
  int apply(const passwd& user, const ClassParts& parts) override {
    if (parts.user && setuid(user.pw_uid) != 0) return errno;
    return 0;
  }
};

}  // namespace

int system_attach(int) { return simulated_attach(); }

int system_attach_descriptor(int) { return simulated_attach(); }

// The first jail of a machine, and nobody else in it.
int system_jail(const char*, const char*, const char*, int& jid) {
  jid = 1;
  return simulated_attach();
}

int system_signal_all(int) { return ESRCH; }

// As a kernel that was started with one routing table.
int system_set_fib(int fib) { return fib == 0 ? 0 : EINVAL; }

int system_set_death_signal(int signal) {
#ifdef __linux__
  return prctl(PR_SET_PDEATHSIG, signal) == 0 ? 0 : errno;
#else
  return signal == 0 ? 0 : ENOSYS;
#endif
}

int system_close_range(int first, int last) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, static_cast<unsigned>(first), last < 0 ? ~0U : static_cast<unsigned>(last), 0U) == 0) {
    return 0;
  }
  if (errno != ENOSYS) return errno;
#endif
  struct rlimit limit;
  if (last < 0) last = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<int>(limit.rlim_cur) - 1 : 1023;
  for (int fd = first; fd <= last; fd++) close(fd);
  return 0;
}

void system_widen_cpuset() {}

std::string system_descriptor_path(int fd) {
  char path[PATH_MAX];
  std::string link = "/proc/self/fd/" + std::to_string(fd);
  ssize_t length = readlink(link.c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<std::size_t>(length));
}

long system_open_files_before_parent() {
#ifdef __linux__
  char text[4096];
  std::string name = "/proc/" + std::to_string(getppid()) + "/stat";
  std::FILE* file = std::fopen(name.c_str(), "re");
  if (file == nullptr) return -1;
  std::size_t length = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[length] = '\0';
  // "pid (name) state ppid": the name may hold anything, so from its last parenthesis on.
  const char* after = std::strrchr(text, ')');
  int grandparent = 0;
  if (after == nullptr || std::sscanf(after + 1, " %*c %d", &grandparent) != 1) return -1;
  name = "/proc/" + std::to_string(grandparent) + "/limits";
  file = std::fopen(name.c_str(), "re");
  if (file == nullptr) return -1;
  long soft = -1;
  while (std::fgets(text, sizeof text, file) != nullptr) {
    if (std::sscanf(text, "Max open files %ld", &soft) == 1) break;
  }
  std::fclose(file);
  return soft;
#else
  return -1;
#endif
}

void system_prepare() {
  if (const char* answer = std::getenv("BSDJAIL_EXEC_ATTACH")) attach_answer = std::atoi(answer);
}

std::unique_ptr<LoginClass> system_open_class(const passwd&, int& error) {
  error = 0;
  return std::make_unique<SimulatedClass>();
}

}  // namespace bsdjail

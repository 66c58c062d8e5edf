#include "helper.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>

namespace bsdjail::dragonfly {
namespace {

constexpr int kStatusFd = 3;

// The next part of a record, up to a tab.
std::string_view take_field(std::string_view& record) {
  const std::size_t end = record.find('\t');
  const std::string_view field = record.substr(0, end);
  record.remove_prefix(end == std::string_view::npos ? record.size() : end + 1);
  return field;
}

int number_of(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Outcome outcome_of(std::string_view record) {
  const std::string_view kind = take_field(record);
  if (kind == "jail") return Outcome::ok(number_of(record));
  if (kind == "ended") return Outcome::ok();
  if (kind != "failed") return Outcome::fail(EIO);
  take_field(record);
  const int error = number_of(take_field(record));
  return Outcome::fail(error != 0 ? error : EIO);
}

// Up to the NUL that ends the first record, or to the end.
std::string read_record(int fd) {
  std::string record;
  char part[512];
  for (;;) {
    const ssize_t length = read(fd, part, sizeof(part));
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return record;
    record.append(part, static_cast<std::size_t>(length));
    const std::size_t end = record.find('\0');
    if (end == std::string::npos) continue;
    record.resize(end);
    return record;
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) == -1) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace

std::string helper_path() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&helper_path), &info) == 0 || info.dli_fname == nullptr) return {};
  const std::string file = info.dli_fname;
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? std::string() : file.substr(0, slash + 1) + "jail-exec";
}

Outcome run_helper(const std::string& helper, const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Outcome::fail(errno);
  std::vector<std::string> words = {helper, "-s", std::to_string(kStatusFd)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // dup2 onto itself would leave it close-on-exec.
  if (ends[1] == kStatusFd) {
    const int other = fcntl(ends[1], F_DUPFD_CLOEXEC, kStatusFd + 1);
    close(ends[1]);
    ends[1] = other;
  }
  posix_spawn_file_actions_adddup2(&actions, ends[1], kStatusFd);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, helper.c_str(), &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  Outcome outcome = Outcome::fail(error);
  if (error == 0) {
    outcome = outcome_of(read_record(ends[0]));
    wait_for(pid);
  }
  close(ends[0]);
  return outcome;
}

}  // namespace bsdjail::dragonfly

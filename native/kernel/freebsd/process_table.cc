#include <sys/types.h>
#include <sys/sysctl.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include <pwd.h>

#include "process_table.h"

namespace bsdjail {
namespace {

constexpr int kTries = 8;
constexpr std::size_t kPasswordRoom = 16384;

int ask(const std::vector<int>& name, void* answer, std::size_t* size) {
  return ::sysctl(name.data(), static_cast<unsigned>(name.size()), answer, size, nullptr, 0);
}

}  // namespace

const std::string& UserNames::of(uid_t uid) {
  const auto known = known_.find(uid);
  if (known != known_.end()) return known->second;
  passwd entry;
  passwd* found = nullptr;
  std::vector<char> room(kPasswordRoom);
  const bool there = getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known_.emplace(uid, there ? found->pw_name : std::to_string(uid)).first->second;
}

int read_rows(const std::vector<int>& name, std::size_t row, std::vector<char>& answer) {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    std::size_t size = 0;
    if (ask(name, nullptr, &size) != 0) return errno;
    size += size / 8 + row;
    answer.resize(size);
    if (ask(name, answer.data(), &size) == 0) {
      answer.resize(size);
      return 0;
    }
    if (errno != ENOMEM) return errno;
  }
  return ENOMEM;
}

std::string command_of(int pid, const char* name, std::size_t name_room) {
  char text[4096];
  std::size_t size = sizeof text;
  if (ask({CTL_KERN, KERN_PROC, KERN_PROC_ARGS, pid}, text, &size) != 0 || size == 0) {
    return "[" + std::string(name, strnlen(name, name_room)) + "]";
  }
  std::string command(text, size);
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command) {
    if (c == '\0') c = ' ';
  }
  return command;
}

}  // namespace bsdjail

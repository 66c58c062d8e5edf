#include "calls.h"

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include <dlfcn.h>
#include <sys/param.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <sys/jail.h>
#include <sys/sysctl.h>

#include "wire.h"

int with_descriptor(const char* call, int fd) {
  using Call = int (*)(int);
  const auto function = reinterpret_cast<Call>(::dlsym(RTLD_DEFAULT, call));
  if (function != nullptr) return function(fd);
  errno = ENOSYS;
  return -1;
}

std::string list_call(bool set, const std::vector<std::string>& words) {
  std::vector<std::string> bytes(words.size());
  std::vector<struct iovec> list;
  for (std::size_t i = 2; i < words.size(); ++i) {
    struct iovec entry = {};
    if (words[i][0] == 'x') {
      bytes[i] = from_hex(std::string_view(words[i]).substr(1));
      entry.iov_base = bytes[i].data();
      entry.iov_len = bytes[i].size();
    } else {
      entry.iov_len = std::strtoull(words[i].c_str() + 1, nullptr, 10);
    }
    list.push_back(entry);
  }
  const int flags = std::atoi(words[1].c_str());
  const auto count = static_cast<unsigned int>(list.size());
  std::string line = answer(set ? ::jail_set(list.data(), count, flags) : ::jail_get(list.data(), count, flags));
  for (std::size_t i = 0; i < list.size(); ++i) {
    line += " " + std::to_string(list[i].iov_len) + ":";
    line += list[i].iov_base == nullptr ? "-" : to_hex(bytes[i + 2]);
  }
  return line;
}

std::string sysctl_call(const std::vector<std::string>& words) {
  const std::string value = words.size() > 2 ? from_hex(std::string_view(words[2]).substr(1)) : std::string();
  std::string old(1 << 20, '\0');
  std::size_t length = old.size();
  const bool write = words.size() > 2;
  const int result =
      ::sysctlbyname(words[1].c_str(), old.data(), &length, write ? value.data() : nullptr, write ? value.size() : 0);
  std::string line = answer(result);
  return result < 0 ? line : line + " " + to_hex(std::string_view(old).substr(0, length));
}

bool next_jail(int after, int flags, Jail& jail) {
  char lastjid[] = "lastjid", persist[] = "persist", dying[] = "dying", children[] = "children.cur";
  struct iovec list[] = {{lastjid, sizeof(lastjid)},   {&after, sizeof(after)},
                         {persist, sizeof(persist)},   {&jail.persist, sizeof(jail.persist)},
                         {dying, sizeof(dying)},       {&jail.dying, sizeof(jail.dying)},
                         {children, sizeof(children)}, {&jail.children, sizeof(jail.children)}};
  jail.jid = ::jail_get(list, sizeof(list) / sizeof(list[0]), flags);
  return jail.jid > 0;
}

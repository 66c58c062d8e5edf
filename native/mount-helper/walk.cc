#include "walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

namespace bsdjail {
namespace {

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

Walk fail(int directory, int error, std::string path) {
  if (directory >= 0) close(directory);
  return {-1, {}, error, std::move(path)};
}

}  // namespace

Walk walk_beneath(const std::string& root, const std::string& target) {
  std::string trusted = root;
  while (!trusted.empty() && trusted.back() == '/') trusted.pop_back();
  bool below = target.size() > trusted.size() && target.compare(0, trusted.size(), trusted) == 0 &&
               target[trusted.size()] == '/';
  if (root.empty() || root[0] != '/' || !below) return fail(-1, EINVAL, target);
  int at = open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) return fail(-1, errno, root);
  std::vector<std::string> parts = components(std::string_view(target).substr(trusted.size()));
  std::string path = trusted;
  for (std::size_t i = 0; i < parts.size(); i++) {
    path += "/" + parts[i];
    if (parts[i] == "..") return fail(at, EINVAL, path);
    int next = openat(at, parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
      int error = errno;
      struct stat info;
      // Systems differ in what they say of a link where a directory is asked for.
      if (fstatat(at, parts[i].c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return fail(at, errno, path);
      if (S_ISLNK(info.st_mode)) return fail(at, ELOOP, path);
      if (S_ISREG(info.st_mode) && i + 1 == parts.size()) return {at, parts[i], 0, path};
      return fail(at, error, path);
    }
    close(at);
    at = next;
  }
  return {at, {}, 0, path};
}

}  // namespace bsdjail

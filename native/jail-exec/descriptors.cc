#include "descriptors.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "system.h"

namespace bsdjail {

int close_all_but(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  int next = 0;
  for (int fd : keep) {
    if (fd > next) {
      if (int error = system_close_range(next, fd - 1)) return error;
    }
    next = std::max(next, fd + 1);
  }
  return system_close_range(next, -1);
}

std::string directories_among(const std::vector<int>& keep) {
  std::string found;
  for (int fd : keep) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    std::string path = system_descriptor_path(fd);
    if (!found.empty()) found += ", ";
    found += "descriptor " + std::to_string(fd);
    if (!path.empty()) found += " (" + path + ")";
  }
  return found;
}

}  // namespace bsdjail

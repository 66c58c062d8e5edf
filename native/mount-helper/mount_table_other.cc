#include <cerrno>

#include "mount_table.h"

namespace bsdjail {

int mount_table(std::vector<MountRow>&) { return ENOSYS; }

MountAnswer mount_here(const std::string&, const std::string&, const std::string&, const std::vector<std::string>&) {
  return {ENOSYS, {}};
}

int unmount_fsid(const std::string&, bool) { return ENOSYS; }

}  // namespace bsdjail

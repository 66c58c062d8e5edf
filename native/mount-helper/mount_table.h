// The machine's mounts, and the one seam for other systems: mount_table_freebsd.cc does it, mount_table_other.cc says
// ENOSYS.
#pragma once

#include <string>
#include <vector>

namespace bsdjail {

struct MountRow {
  std::string fsid;    // hexadecimal, as mount -v prints it
  std::string type;
  std::string flags;   // "ro" or ""
  std::string source;
  std::string target;
};

// What the kernel said: 0 or an errno, and its own words where it has some.
struct MountAnswer {
  int error = 0;
  std::string words;
};

// All mounts, in the order in which they were made.
int mount_table(std::vector<MountRow>& rows);
// nmount(2) of `fspath`, relative to the working directory. Options are "name" or "name=value".
MountAnswer mount_here(const std::string& type, const std::string& source, const std::string& fspath,
                       const std::vector<std::string>& options);
// unmount(2) of exactly the file system with that fsid.
int unmount_fsid(const std::string& fsid, bool force);

}  // namespace bsdjail

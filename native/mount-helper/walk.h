// The way to a directory below a trusted one, without following a symbolic link.
#pragma once

#include <string>

namespace bsdjail {

// Where a walk ended: `error` is 0, or the errno and the path of the component that it could not pass.
struct Walk {
  int directory = -1;  // open, close-on-exec; the caller closes it
  std::string file;    // the last component where that is no directory, beneath `directory`; else empty
  int error = 0;
  std::string path;
};

// Opens `root` (links followed: it is trusted) and from there each component of `target`, an absolute path below it.
// ELOOP for a symbolic link, EINVAL for "..", or for a target that is not below the root.
Walk walk_beneath(const std::string& root, const std::string& target);

}  // namespace bsdjail

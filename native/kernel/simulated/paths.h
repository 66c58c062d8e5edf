// Looking up a jail's root directory among the paths that exist on the simulated host.
#pragma once

#include <string>
#include <string_view>

#include "simulated.h"

namespace bsdjail::simulated {

// Resolves `path`, as a process whose root directory is `root` names it, to the host's path: 0, ENOENT, ENOTDIR or
// ENAMETOOLONG. A relative path is one below `root` for a `jailed` process, since that is where it starts; on the host,
// where the directory of the calling process means nothing to a simulation, it does not exist.
int resolve_directory(const SimulatedPaths& paths, std::string_view root, bool jailed, std::string_view path,
                      std::string& resolved);

}  // namespace bsdjail::simulated

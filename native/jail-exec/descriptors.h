// Which descriptors stay open: attaching fails while any open one is a directory, and none may reach a jail by accident.
#pragma once

#include <string>
#include <vector>

namespace bsdjail {

// Closes every descriptor that is not in `keep`. 0, or an errno.
int close_all_but(std::vector<int> keep);

// The open descriptors that are directories, in words ("descriptor 5 (/tmp)"), or "" when there is none.
std::string directories_among(const std::vector<int>& keep);

}  // namespace bsdjail

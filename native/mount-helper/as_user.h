// Becoming a command of the host: as another user, from a clean environment, or both.
#pragma once

#include <vector>

namespace bsdjail {

// Does not return where the command was started; else an exit status, and why on stderr in jail(8)'s manner.
int run_as(const char* user, bool clean, const std::vector<char*>& command);
// Prints name, uid, gid, home and shell of a user; nothing where there is none.
int print_user(const char* name);

}  // namespace bsdjail

// Running jail-exec for what only a process in a jail can do: making one, and ending what is in it.
#pragma once

#include <string>
#include <vector>

#include "../../kernel.h"

namespace bsdjail::dragonfly {

// Where jail-exec is: beside the file that this code is in. Empty where that cannot be told.
std::string helper_path();

// Runs it with these arguments after "-s FD": what its first record says, "jail" with the jid as the value, "ended", or
// the errno of the step that failed; EIO where it ends without a word, the errno of the spawn where it is not there.
Outcome run_helper(const std::string& helper, const std::vector<std::string>& arguments);

}  // namespace bsdjail::dragonfly

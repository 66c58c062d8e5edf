// Whether a process of the host is still the one that it was.
#pragma once

#include <cstdint>

namespace bsdjail::simulated {

// When it started, in a unit of the host's own; 0 where the host does not tell.
std::uint64_t host_process_start(int pid);

// False once it has ended, also where its number has since gone to another.
bool host_process_runs(int pid, std::uint64_t start);

}  // namespace bsdjail::simulated

// DragonFly's own kernel, by libc's system calls and jail-exec.
#pragma once

#include <memory>
#include <string>

#include "../system.h"

namespace bsdjail::dragonfly {

std::unique_ptr<System> libc_system(std::string helper);

// A part of it that has a file of its own.
Outcome libc_processes(std::vector<ProcessInfo>& list);

}  // namespace bsdjail::dragonfly

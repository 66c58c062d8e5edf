// DragonFly's own kernel, by libc's system calls and jail-exec.
#pragma once

#include <memory>
#include <string>

#include "../system.h"

namespace bsdjail::dragonfly {

std::unique_ptr<System> libc_system(std::string helper);

}  // namespace bsdjail::dragonfly

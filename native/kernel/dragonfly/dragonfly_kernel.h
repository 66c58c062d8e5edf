// DragonFly's kernel behind the interface of all kernels: jails are made, read, changed and removed by parameter lists, as
// far as it has what the parameters are about. What it has not is refused by name, with the reason, in errmsg.
#pragma once

#include <memory>

#include "../kernel.h"
#include "system.h"

namespace bsdjail {

std::unique_ptr<Kernel> dragonfly_kernel(std::unique_ptr<dragonfly::System> system);

}  // namespace bsdjail

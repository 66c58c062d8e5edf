// DragonFly's libc, answered by a process of the simulated DragonFly: the struct of jail(2) is read as the kernel reads
// it, and the sysctl tree is walked by numbers as sysctl(8) walks it.
#pragma once

#include <memory>

#include "../../kernel/simulated/simulated.h"

namespace bsdjail::test {

// Whose calls they are from now on.
void use_process(std::shared_ptr<SimulatedKernel> process);

}  // namespace bsdjail::test

// SimulatedKernel as it is made: one process's system calls on a machine.
#pragma once

#include <memory>

#include "machine.h"

namespace bsdjail::simulated {

std::unique_ptr<SimulatedKernel> make_kernel(std::shared_ptr<Machine> machine, const View& view);

}  // namespace bsdjail::simulated

// This process on its simulated machine, as the environment chose it.
#pragma once

#include <string>

#include "../kernel/simulated/simulated.h"

namespace bsdjail::clib {

// Null where there is no machine to be had; problem() then says why.
SimulatedKernel* kernel();
std::string problem();

// Sets errno from an outcome, by name; the value, or -1.
int answer(const Outcome& outcome);

}  // namespace bsdjail::clib

// A process's view of a simulated DragonFly.
#pragma once

#include <memory>

#include "../machine.h"

namespace bsdjail::simulated {

std::unique_ptr<SimulatedKernel> make_dragonfly_view(std::shared_ptr<Machine> machine, std::shared_ptr<View> view);

}  // namespace bsdjail::simulated

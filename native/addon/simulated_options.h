// Plain objects from JavaScript as the simulated machine's structures. A property of a wrong type is a TypeError that
// names it; one that is left out keeps its default.
#pragma once

#include <napi.h>

#include "../kernel/simulated/simulated.h"

namespace bsdjail {

SimulatedOptions options_argument(const Napi::CallbackInfo& info, std::size_t index);
SimulatedProcess process_argument(const Napi::CallbackInfo& info, std::size_t index);
// With the error's name as `code`.
SimulatedFault fault_argument(const Napi::CallbackInfo& info, std::size_t index);

}  // namespace bsdjail

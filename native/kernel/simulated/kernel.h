// SimulatedKernel as it is made: one process's system calls on a machine.
#pragma once

#include <memory>

#include "machine.h"

namespace bsdjail::simulated {

// A process's view, as its machine's system has it.
std::unique_ptr<SimulatedKernel> make_kernel(std::shared_ptr<Machine> machine, const View& view);
// FreeBSD's system calls, and what is the same on every system: the process itself.
std::unique_ptr<SimulatedKernel> make_process(std::shared_ptr<Machine> machine, std::shared_ptr<View> view);

// A fault of a call with parameters, its message in errmsg: whether there was one.
bool take_fault(Machine& machine, const char* call, IoVec* iov, std::size_t count, Outcome& outcome);
// The same for a state file that failed.
void explain(Machine& machine, IoVec* iov, std::size_t count);

}  // namespace bsdjail::simulated

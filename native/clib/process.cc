#include "process.h"

#include <pthread.h>
#include <sys/jail.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "../kernel/errno.h"

namespace bsdjail::clib {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Self {
  std::shared_ptr<SimulatedMachine> machine;
  std::unique_ptr<SimulatedKernel> kernel;
  std::string problem;

  Self() {
    SimulatedOptions options;
    options.state_file = environment("BSDJAIL_STATE");
    options.release = environment("BSDJAIL_RELEASE");
    machine = SimulatedMachine::open(options, problem);
    if (machine == nullptr) return;
    kernel = machine->resume();
    // A child is a process of its own, in its parent's jail and with its descriptors.
    pthread_atfork(nullptr, nullptr, [] { self().follow(); });
  }

  void follow() {
    if (kernel == nullptr) return;
    auto child = kernel->fork();
    // The parent's view goes on in the parent: here it is only forgotten.
    (void)kernel.release();
    kernel = std::move(child);
  }

  static Self& self() {
    static Self one;
    return one;
  }
};

}  // namespace

SimulatedKernel* kernel() { return Self::self().kernel.get(); }

std::string problem() {
  Self& self = Self::self();
  return self.machine == nullptr ? self.problem : self.machine->problem();
}

int answer(const Outcome& outcome) {
  // Whose jail has been removed was killed with it, this process by this very call perhaps.
  SimulatedKernel* self = kernel();
  if (self != nullptr && !self->alive()) ::raise(SIGKILL);
  if (!outcome.failed()) return static_cast<int>(outcome.value);
  errno = errno_to_host(outcome.error);
  return -1;
}

}  // namespace bsdjail::clib

extern "C" const char* bsdjail_sim_problem(void) {
  thread_local std::string text;
  text = bsdjail::clib::problem();
  return text.c_str();
}

// Errors that calls are to run into, whatever the rules say.
#pragma once

#include <mutex>
#include <vector>

#include "simulated.h"

namespace bsdjail::simulated {

// For any thread.
class Faults {
 public:
  void add(const SimulatedFault& fault);
  void clear();
  // The fault that this call runs into, if any. Where several wait for it, each is counted and the first one is taken.
  bool take(const char* call, SimulatedFault& fault);

 private:
  std::mutex mutex_;
  std::vector<SimulatedFault> waiting_;
};

}  // namespace bsdjail::simulated

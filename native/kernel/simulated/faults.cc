#include "faults.h"

#include <cstddef>

namespace bsdjail::simulated {

void Faults::add(const SimulatedFault& fault) {
  const std::lock_guard<std::mutex> guard(mutex_);
  waiting_.push_back(fault);
}

void Faults::clear() {
  const std::lock_guard<std::mutex> guard(mutex_);
  waiting_.clear();
}

bool Faults::take(const char* call, SimulatedFault& fault) {
  const std::lock_guard<std::mutex> guard(mutex_);
  bool taken = false;
  for (std::size_t i = 0; i < waiting_.size();) {
    SimulatedFault& waiting = waiting_[i];
    if (!waiting.call.empty() && waiting.call != call) {
      ++i;
      continue;
    }
    if (waiting.nth > 1) {
      --waiting.nth;
      ++i;
      continue;
    }
    if (!taken) fault = waiting;
    taken = true;
    if (waiting.repeat) {
      ++i;
    } else {
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return taken;
}

}  // namespace bsdjail::simulated

// An event queue of one process of a simulated machine.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "events.h"
#include "machine.h"

namespace bsdjail::simulated {

class Queue final : public EventQueue {
 public:
  Queue(std::shared_ptr<Machine> machine, std::shared_ptr<View> view);
  ~Queue() override;

  Outcome add_jail(int jid, std::uint32_t fflags) override;
  Outcome add_descriptor(int fd, std::uint32_t fflags) override;
  Outcome wait(std::vector<JailEvent>& events, int timeout_ms) override;
  void wake() override;

  // Called by the machine, which is locked.
  void deliver(const NoteEntry& note);
  void resync(World& world);
  void forget_descriptor(std::uint64_t process, int fd);

 private:
  const std::shared_ptr<Machine> machine_;
  const std::shared_ptr<View> view_;
  std::mutex mutex_;  // taken after the machine's, never before it
  std::condition_variable changed_;
  Filters filters_;
  bool woken_ = false;
};

}  // namespace bsdjail::simulated

// The thread behind an event queue, and what it shares with the JavaScript thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <napi.h>

#include "../kernel/kernel.h"

namespace bsdjail {

class EventWaiter final : public std::enable_shared_from_this<EventWaiter> {
 public:
  static std::shared_ptr<EventWaiter> start(Napi::Env env, std::shared_ptr<Kernel> kernel,
                                            std::unique_ptr<EventQueue> queue);
  EventWaiter(std::shared_ptr<Kernel> kernel, std::unique_ptr<EventQueue> queue);
  ~EventWaiter();
  EventWaiter(const EventWaiter&) = delete;
  EventWaiter& operator=(const EventWaiter&) = delete;

  // All of these on the JavaScript thread.
  EventQueue& queue() { return *queue_; }
  bool waiting() const { return pending_.has_value(); }
  Napi::Promise next(Napi::Env env);
  void hold(Napi::Env env, bool held);
  // Ends the thread and answers a pending next() with no events.
  void close(Napi::Env env);
  // Ends the thread, and touches no value: for finalizers.
  void stop();

 private:
  static void deliver(Napi::Env env, Napi::Function callback, std::shared_ptr<EventWaiter>* self, void* data);
  using Delivery = Napi::TypedThreadSafeFunction<std::shared_ptr<EventWaiter>, void, &EventWaiter::deliver>;

  void wait_loop();
  void settle(Napi::Env env);

  std::shared_ptr<Kernel> kernel_;  // outlives the queue
  std::unique_ptr<EventQueue> queue_;
  std::thread thread_;
  Delivery delivery_;
  std::optional<Napi::Promise::Deferred> pending_;

  std::mutex mutex_;
  std::condition_variable wanted_;
  // Guarded by mutex_.
  bool want_ = false;
  bool closing_ = false;
  bool ready_ = false;
  Outcome outcome_;
  std::vector<JailEvent> events_;
};

}  // namespace bsdjail

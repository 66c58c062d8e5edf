// A queue of jail events with the thread that waits on it: such waits have no end, so libuv's pool never sees them.
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

class EventsHandle final : public Napi::ObjectWrap<EventsHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object make(Napi::Env env, const Napi::FunctionReference& constructor, std::shared_ptr<Kernel> kernel,
                           std::unique_ptr<EventQueue> queue);

  explicit EventsHandle(const Napi::CallbackInfo& info);
  ~EventsHandle() override;

 private:
  struct Source {
    std::shared_ptr<Kernel> kernel;  // outlives the queue
    std::unique_ptr<EventQueue> queue;
  };
  struct Batch {
    Outcome outcome;
    std::vector<JailEvent> events;
  };

  Napi::Value add_jail(const Napi::CallbackInfo& info);
  Napi::Value add_descriptor(const Napi::CallbackInfo& info);
  Napi::Value next(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  void wait_loop();
  void stop();
  void settle(Napi::Env env, const Batch& batch);

  Source source_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  bool want_ = false;    // guarded by mutex_: a next() waits for a batch
  bool closing_ = false;  // guarded by mutex_
  Napi::ThreadSafeFunction deliver_;
  std::optional<Napi::Promise::Deferred> pending_;
};

}  // namespace bsdjail

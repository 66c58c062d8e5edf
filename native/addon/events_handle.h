// A queue of jail events with the thread that waits on it: such waits have no end, so libuv's pool never sees them.
#pragma once

#include <memory>
#include <optional>

#include <napi.h>

#include "../kernel/kernel.h"
#include "event_waiter.h"

namespace bsdjail {

class EventsHandle final : public Napi::ObjectWrap<EventsHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object make(Napi::Env env, const Napi::FunctionReference& constructor, std::shared_ptr<Kernel> kernel,
                           std::unique_ptr<EventQueue> queue);

  explicit EventsHandle(const Napi::CallbackInfo& info);
  ~EventsHandle() override;

 private:
  // (jid or fd, fflags) -> 0 or -errno.
  Napi::Value add_jail(const Napi::CallbackInfo& info);
  Napi::Value add_descriptor(const Napi::CallbackInfo& info);
  // () -> a promise of an array of events, or of -errno; an empty array once closed. One at a time.
  Napi::Value next(const Napi::CallbackInfo& info);
  // (boolean): whether a pending next() keeps the process up.
  Napi::Value hold(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  EventWaiter& waiter(const Napi::CallbackInfo& info) const;

  std::shared_ptr<EventWaiter> waiter_;
};

}  // namespace bsdjail

#include "event_waiter.h"

#include <exception>
#include <utility>

#include "../kernel/errno.h"

namespace bsdjail {
namespace {

Napi::Value events_value(Napi::Env env, const std::vector<JailEvent>& events) {
  Napi::Array list = Napi::Array::New(env, events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const JailEvent& event = events[i];
    Napi::Object item = Napi::Object::New(env);
    item["filter"] = Napi::String::New(env, event.by_descriptor ? "desc" : "jail");
    item["ident"] = Napi::Number::New(env, static_cast<double>(event.ident));
    item["fflags"] = Napi::Number::New(env, event.fflags);
    item["data"] = Napi::Number::New(env, static_cast<double>(event.data));
    item["eof"] = Napi::Boolean::New(env, event.eof);
    list[static_cast<std::uint32_t>(i)] = item;
  }
  return list;
}

// Nothing may leave a thread.
Outcome wait_for(EventQueue& queue, std::vector<JailEvent>& events) {
  try {
    return queue.wait(events, -1);
  } catch (const std::exception&) {
    return Outcome::fail(kENOMEM);
  }
}

}  // namespace

EventWaiter::EventWaiter(std::shared_ptr<Kernel> kernel, std::unique_ptr<EventQueue> queue)
    : kernel_(std::move(kernel)), queue_(std::move(queue)) {}

EventWaiter::~EventWaiter() { stop(); }

std::shared_ptr<EventWaiter> EventWaiter::start(Napi::Env env, std::shared_ptr<Kernel> kernel,
                                                std::unique_ptr<EventQueue> queue) {
  auto waiter = std::make_shared<EventWaiter>(std::move(kernel), std::move(queue));
  // The context keeps the waiter for as long as the thread can call; the finalizer runs before the function is gone,
  // also where the environment ends first, so the thread is joined there.
  auto context = std::make_unique<std::shared_ptr<EventWaiter>>(waiter);
  waiter->delivery_ = Delivery::New(env, "bsdjail:events", 0, 1, context.get(),
                                    [](Napi::Env, void*, std::shared_ptr<EventWaiter>* self) {
                                      (*self)->stop();
                                      delete self;
                                    });
  context.release();
  // Only a pending next() keeps the process up.
  waiter->delivery_.Unref(env);
  try {
    waiter->thread_ = std::thread([raw = waiter.get()]() { raw->wait_loop(); });
  } catch (...) {
    waiter->delivery_.Release();
    throw;
  }
  return waiter;
}

void EventWaiter::wait_loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this]() { return want_ || closing_; });
      if (closing_) break;
      want_ = false;
    }
    Outcome outcome;
    std::vector<JailEvent> events;
    bool closing = false;
    while (events.empty() && !outcome.failed() && !closing) {
      outcome = wait_for(*queue_, events);
      const std::lock_guard lock(mutex_);
      closing = closing_;
    }
    if (closing) break;
    {
      const std::lock_guard lock(mutex_);
      outcome_ = outcome;
      events_ = std::move(events);
      ready_ = true;
    }
    // Refused only where the environment is ending; the call itself has then given up our share of the function.
    if (delivery_.NonBlockingCall() == napi_closing) return;
  }
  delivery_.Release();
}

void EventWaiter::deliver(Napi::Env env, Napi::Function, std::shared_ptr<EventWaiter>* self, void*) {
  // Without an environment the context is gone as well.
  if (env != nullptr) (*self)->settle(env);
}

void EventWaiter::settle(Napi::Env env) {
  Outcome outcome;
  std::vector<JailEvent> events;
  {
    const std::lock_guard lock(mutex_);
    if (!ready_ || !pending_.has_value()) return;
    ready_ = false;
    outcome = outcome_;
    events = std::move(events_);
  }
  const Napi::Promise::Deferred deferred = *pending_;
  pending_.reset();
  delivery_.Unref(env);
  deferred.Resolve(outcome.failed() ? Napi::Number::New(env, -outcome.error) : events_value(env, events));
}

Napi::Promise EventWaiter::next(Napi::Env env) {
  const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(env);
  const std::lock_guard lock(mutex_);
  if (closing_) {
    deferred.Resolve(Napi::Array::New(env));
    return deferred.Promise();
  }
  want_ = true;
  pending_ = deferred;
  delivery_.Ref(env);
  wanted_.notify_one();
  return deferred.Promise();
}

void EventWaiter::hold(Napi::Env env, bool held) {
  const std::lock_guard lock(mutex_);
  if (closing_ || !pending_.has_value()) return;
  if (held) {
    delivery_.Ref(env);
  } else {
    delivery_.Unref(env);
  }
}

void EventWaiter::close(Napi::Env env) {
  stop();
  if (!pending_.has_value()) return;
  const Napi::Promise::Deferred deferred = *pending_;
  pending_.reset();
  deferred.Resolve(Napi::Array::New(env));
}

void EventWaiter::stop() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wanted_.notify_all();
  if (!thread_.joinable()) return;
  queue_->wake();
  thread_.join();
}

}  // namespace bsdjail

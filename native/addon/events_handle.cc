#include "events_handle.h"

#include <utility>

#include "arguments.h"

namespace bsdjail {

Napi::Function EventsHandle::define(Napi::Env env) {
  return DefineClass(env, "Events",
                     {
                         InstanceMethod<&EventsHandle::add_jail>("addJail"),
                         InstanceMethod<&EventsHandle::add_descriptor>("addDescriptor"),
                         InstanceMethod<&EventsHandle::next>("next"),
                         InstanceMethod<&EventsHandle::close>("close"),
                     });
}

Napi::Object EventsHandle::make(Napi::Env env, const Napi::FunctionReference& constructor,
                                std::shared_ptr<Kernel> kernel, std::unique_ptr<EventQueue> queue) {
  Source source{std::move(kernel), std::move(queue)};
  return constructor.New({Napi::External<Source>::New(env, &source)});
}

EventsHandle::EventsHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EventsHandle>(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "Events is made by eventsOpen");
  source_ = std::move(*info[0].As<Napi::External<Source>>().Data());
  deliver_ = Napi::ThreadSafeFunction::New(info.Env(), Napi::Function(), "bsdjail:events", 0, 1);
  // Only a pending next() keeps the process up.
  deliver_.Unref(info.Env());
  thread_ = std::thread([this]() { wait_loop(); });
}

EventsHandle::~EventsHandle() { stop(); }

void EventsHandle::wait_loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this]() { return want_ || closing_; });
      if (closing_) break;
    }
    auto batch = std::make_unique<Batch>();
    while (batch->events.empty() && !batch->outcome.failed()) {
      batch->outcome = source_.queue->wait(batch->events, -1);
      const std::lock_guard lock(mutex_);
      if (closing_) break;
    }
    {
      const std::lock_guard lock(mutex_);
      if (closing_) break;
      want_ = false;
    }
    Batch* raw = batch.release();
    const napi_status status = deliver_.NonBlockingCall([this, raw](Napi::Env env, Napi::Function) {
      const std::unique_ptr<Batch> owned(raw);
      settle(env, *owned);
    });
    if (status != napi_ok) {
      delete raw;
      break;
    }
  }
  deliver_.Release();
}

void EventsHandle::settle(Napi::Env env, const Batch& batch) {
  if (!pending_.has_value()) return;
  const Napi::Promise::Deferred deferred = *pending_;
  pending_.reset();
  deliver_.Unref(env);
  Unref();
  if (batch.outcome.failed()) {
    deferred.Resolve(Napi::Number::New(env, -batch.outcome.error));
    return;
  }
  Napi::Array events = Napi::Array::New(env, batch.events.size());
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const JailEvent& event = batch.events[i];
    Napi::Object item = Napi::Object::New(env);
    item["filter"] = Napi::String::New(env, event.by_descriptor ? "desc" : "jail");
    item["ident"] = Napi::Number::New(env, static_cast<double>(event.ident));
    item["fflags"] = Napi::Number::New(env, event.fflags);
    item["data"] = Napi::Number::New(env, static_cast<double>(event.data));
    item["eof"] = Napi::Boolean::New(env, event.eof);
    events[static_cast<std::uint32_t>(i)] = item;
  }
  deferred.Resolve(events);
}

void EventsHandle::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    closing_ = true;
  }
  wanted_.notify_all();
  source_.queue->wake();
  thread_.join();
}

Napi::Value EventsHandle::add_jail(const Napi::CallbackInfo& info) {
  const int jid = int_argument(info, 0, "jid");
  const Outcome outcome = source_.queue->add_jail(jid, static_cast<std::uint32_t>(int_argument(info, 1, "fflags")));
  return Napi::Number::New(info.Env(), -outcome.error);
}

Napi::Value EventsHandle::add_descriptor(const Napi::CallbackInfo& info) {
  const int fd = int_argument(info, 0, "fd");
  const Outcome outcome = source_.queue->add_descriptor(fd, static_cast<std::uint32_t>(int_argument(info, 1, "fflags")));
  return Napi::Number::New(info.Env(), -outcome.error);
}

Napi::Value EventsHandle::next(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (pending_.has_value()) throw Napi::Error::New(env, "eventsNext is already waiting on this queue");
  const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(env);
  {
    const std::lock_guard lock(mutex_);
    if (closing_) {
      deferred.Resolve(Napi::Array::New(env));
      return deferred.Promise();
    }
    want_ = true;
  }
  pending_ = deferred;
  deliver_.Ref(env);
  Ref();  // the promise outlives a handle that nobody holds
  wanted_.notify_one();
  return deferred.Promise();
}

Napi::Value EventsHandle::close(const Napi::CallbackInfo& info) {
  stop();
  if (pending_.has_value()) {
    const Napi::Promise::Deferred deferred = *pending_;
    pending_.reset();
    Unref();
    deferred.Resolve(Napi::Array::New(info.Env()));
  }
  return info.Env().Undefined();
}

}  // namespace bsdjail

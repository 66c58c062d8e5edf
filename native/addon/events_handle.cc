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
                         InstanceMethod<&EventsHandle::hold>("hold"),
                         InstanceMethod<&EventsHandle::close>("close"),
                     });
}

Napi::Object EventsHandle::make(Napi::Env env, const Napi::FunctionReference& constructor,
                                std::shared_ptr<Kernel> kernel, std::unique_ptr<EventQueue> queue) {
  const Napi::Object handle = constructor.New({});
  Unwrap(handle)->waiter_ = EventWaiter::start(env, std::move(kernel), std::move(queue));
  return handle;
}

EventsHandle::EventsHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EventsHandle>(info) {}

EventsHandle::~EventsHandle() {
  if (waiter_ != nullptr) waiter_->stop();
}

// JavaScript can reach the class by `constructor`: an object made that way has no queue.
EventWaiter& EventsHandle::waiter(const Napi::CallbackInfo& info) const {
  if (waiter_ == nullptr) throw Napi::TypeError::New(info.Env(), "this queue was not made by eventsOpen");
  return *waiter_;
}

Napi::Value EventsHandle::add_jail(const Napi::CallbackInfo& info) {
  const int jid = int_argument(info, 0, "jid");
  const std::uint32_t fflags = uint_argument(info, 1, "fflags");
  return Napi::Number::New(info.Env(), -waiter(info).queue().add_jail(jid, fflags).error);
}

Napi::Value EventsHandle::add_descriptor(const Napi::CallbackInfo& info) {
  const int fd = int_argument(info, 0, "fd");
  const std::uint32_t fflags = uint_argument(info, 1, "fflags");
  return Napi::Number::New(info.Env(), -waiter(info).queue().add_descriptor(fd, fflags).error);
}

Napi::Value EventsHandle::next(const Napi::CallbackInfo& info) {
  EventWaiter& waiting = waiter(info);
  if (waiting.waiting()) throw Napi::Error::New(info.Env(), "eventsNext is already waiting on this queue");
  return waiting.next(info.Env());
}

Napi::Value EventsHandle::hold(const Napi::CallbackInfo& info) {
  waiter(info).hold(info.Env(), info[0].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value EventsHandle::close(const Napi::CallbackInfo& info) {
  waiter(info).close(info.Env());
  return info.Env().Undefined();
}

}  // namespace bsdjail

// What one JavaScript environment (the main thread, or a worker) has of the addon. Nothing is shared between them.
#pragma once

#include <napi.h>

#include "events_handle.h"
#include "kernel_handle.h"
#include "simulated_handles.h"

namespace bsdjail {

class Addon final : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  static Addon& of(Napi::Env env) { return *env.GetInstanceData<Addon>(); }
  const Napi::FunctionReference& kernels() const { return kernels_; }
  const Napi::FunctionReference& events() const { return events_; }
  const Napi::FunctionReference& machines() const { return machines_; }
  const Napi::FunctionReference& views() const { return views_; }

 private:
  // () -> a Kernel, or undefined where none is compiled in.
  Napi::Value open_native(const Napi::CallbackInfo& info);
  Napi::Value open_simulated(const Napi::CallbackInfo& info) { return MachineHandle::open(info); }

  Napi::FunctionReference kernels_;
  Napi::FunctionReference events_;
  Napi::FunctionReference machines_;
  Napi::FunctionReference views_;
};

}  // namespace bsdjail

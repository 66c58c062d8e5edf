// What one JavaScript environment (the main thread, or a worker) has of the addon. Nothing is shared between them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <napi.h>

#include "events_handle.h"
#include "kernel_handle.h"
#include "simulated_handles.h"

namespace bsdjail {

// Memory that JavaScript and the sync calls share: small arguments and results pass through it without allocations.
struct Scratch {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

class Addon final : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  static Addon& of(Napi::Env env) { return *env.GetInstanceData<Addon>(); }
  const Napi::FunctionReference& kernels() const { return kernels_; }
  const Napi::FunctionReference& events() const { return events_; }
  const Napi::FunctionReference& machines() const { return machines_; }
  const Napi::FunctionReference& views() const { return views_; }
  // As long as JavaScript has not given it away; then it has no size.
  Scratch scratch() const;

 private:
  // () -> a Kernel, or undefined where none is compiled in.
  Napi::Value open_native(const Napi::CallbackInfo& info);
  Napi::Value open_simulated(const Napi::CallbackInfo& info) { return MachineHandle::open(info); }

  Napi::FunctionReference kernels_;
  Napi::FunctionReference events_;
  Napi::FunctionReference machines_;
  Napi::FunctionReference views_;
  Napi::Reference<Napi::ArrayBuffer> scratch_;
};

}  // namespace bsdjail

// A kernel as JavaScript holds it. Pending calls keep the kernel alive, whatever becomes of the handle.
#pragma once

#include <memory>

#include <napi.h>

#include "../kernel/kernel.h"

namespace bsdjail {

class KernelHandle final : public Napi::ObjectWrap<KernelHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object make(const Napi::FunctionReference& constructor, std::shared_ptr<Kernel> kernel);

  explicit KernelHandle(const Napi::CallbackInfo& info);
  const std::shared_ptr<Kernel>& kernel(const Napi::CallbackInfo& info) const;

 private:
  // Each method has a sync and an async face over one function; which is meant stands in the method's data.

  // jail_set and jail_get: (data, lengths, flags) -> value or -errno; both arrays are written back in place.
  Napi::Value iovec_call(const Napi::CallbackInfo& info);
  // jail_remove and its like: (number) -> value or -errno.
  Napi::Value number_call(const Napi::CallbackInfo& info);
  // jailRead (kind, key, names, spec, flags) and jailList (names, spec, flags) -> rows in one ArrayBuffer.
  Napi::Value rows_call(const Napi::CallbackInfo& info);
  // (name, value?) -> the same ArrayBuffer with one value.
  Napi::Value sysctl_call(const Napi::CallbackInfo& info);
  // (prefix) -> -errno, or an array of nodes.
  Napi::Value walk_call(const Napi::CallbackInfo& info);
  // () -> -errno, or an Events object.
  Napi::Value events_open(const Napi::CallbackInfo& info);

  std::shared_ptr<Kernel> kernel_;
};

}  // namespace bsdjail

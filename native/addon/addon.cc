#include "addon.h"

#include <string>

#include "../kernel/errno.h"
#include "file_lock.h"
#ifdef __FreeBSD__
#include "../kernel/freebsd/freebsd_kernel.h"
#endif
#ifdef __DragonFly__
#include "../kernel/dragonfly/dragonfly_kernel.h"
#include "../kernel/dragonfly/native/helper.h"
#include "../kernel/dragonfly/native/libc_system.h"
#endif

namespace bsdjail {
namespace {

// FreeBSD's errno names by number: the one table of both languages.
Napi::Object errnos(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  for (int number = 1; number <= kErrnoLast; ++number) {
    object[std::string(errno_name(number))] = Napi::Number::New(env, number);
  }
  return object;
}

}  // namespace

Addon::Addon(Napi::Env env, Napi::Object exports) {
  kernels_ = Napi::Persistent(KernelHandle::define(env));
  events_ = Napi::Persistent(EventsHandle::define(env));
  machines_ = Napi::Persistent(MachineHandle::define(env));
  views_ = Napi::Persistent(ViewHandle::define(env));
  constexpr std::size_t kScratchSize = 8192;
  const Napi::ArrayBuffer scratch = Napi::ArrayBuffer::New(env, kScratchSize);
  scratch_ = Napi::Persistent(scratch);
  exports["scratch"] = scratch;
  exports["errnos"] = errnos(env);
  DefineAddon(exports, {
                           InstanceMethod("openNative", &Addon::open_native),
                           InstanceMethod("openSimulated", &Addon::open_simulated),
                       });
  exports["lockDescriptor"] = Napi::Function::New<lock_descriptor>(env, "lockDescriptor");
}

Scratch Addon::scratch() const {
  Napi::ArrayBuffer buffer = scratch_.Value();
  return {static_cast<std::uint8_t*>(buffer.Data()), buffer.ByteLength()};
}

Napi::Value Addon::open_native([[maybe_unused]] const Napi::CallbackInfo& info) {
#ifdef __FreeBSD__
  return KernelHandle::make(kernels_, freebsd_kernel());
#elif defined(__DragonFly__)
  return KernelHandle::make(kernels_, dragonfly_kernel(dragonfly::libc_system(dragonfly::helper_path())));
#else
  return info.Env().Undefined();
#endif
}

}  // namespace bsdjail

using BsdjailAddon = bsdjail::Addon;
NODE_API_ADDON(BsdjailAddon)

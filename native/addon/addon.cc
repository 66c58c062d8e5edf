#include "addon.h"

#include "../kernel/errno.h"
#include "simulated_controls.h"
#ifdef __FreeBSD__
#include "../kernel/freebsd/freebsd_kernel.h"
#endif

namespace bsdjail {
namespace {

// FreeBSD's errno names by number: the one table of both languages.
Napi::Object errnos(Napi::Env env) {
  std::size_t count = 0;
  const ErrnoName* names = errno_names(count);
  Napi::Object object = Napi::Object::New(env);
  for (std::size_t i = 0; i < count; ++i) object[names[i].name] = Napi::Number::New(env, names[i].number);
  return object;
}

}  // namespace

Addon::Addon(Napi::Env env, Napi::Object exports) {
  kernels_ = Napi::Persistent(KernelHandle::define(env));
  events_ = Napi::Persistent(EventsHandle::define(env));
  exports["errnos"] = errnos(env);
  DefineAddon(exports, {InstanceMethod("openNative", &Addon::open_native)});
  define_simulated(env, exports);
}

Napi::Value Addon::open_native(const Napi::CallbackInfo& info) {
#ifdef __FreeBSD__
  return KernelHandle::make(info.Env(), kernels_, freebsd_kernel());
#else
  return info.Env().Undefined();
#endif
}

}  // namespace bsdjail

using BsdjailAddon = bsdjail::Addon;
NODE_API_ADDON(BsdjailAddon)

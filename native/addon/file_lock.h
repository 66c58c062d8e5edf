// flock(2), which Node.js does not offer.

#ifndef BSDJAIL_NATIVE_ADDON_FILE_LOCK_H_
#define BSDJAIL_NATIVE_ADDON_FILE_LOCK_H_

#include <napi.h>

namespace bsdjail {

// lockDescriptor(fd): waits for the exclusive lock of the descriptor's file; 0, or this machine's errno. Closing the
// descriptor gives it back.
Napi::Value lock_descriptor(const Napi::CallbackInfo& info);

}  // namespace bsdjail

#endif  // BSDJAIL_NATIVE_ADDON_FILE_LOCK_H_

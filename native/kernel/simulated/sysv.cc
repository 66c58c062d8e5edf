// System V IPC: whose message queues, semaphores and shared memory a jail uses, if any.
#include "../errno.h"
#include "jail_set.h"

namespace bsdjail::simulated {
namespace {

constexpr const char* kNames[kSysvKinds] = {"sysvshm", "sysvsem", "sysvmsg"};
enum Mode { kUnchanged = -1, kDisable = 0, kNew = 1, kInherit = 2 };

}  // namespace

int JailSet::check_sysv() {
  for (int kind = 0; kind < kSysvKinds; ++kind) {
    int mode = 0;
    const int error = options_.copy(kNames[kind], &mode, sizeof(mode));
    if (error == kENOENT) continue;
    if (error != 0) return error;
    if (mode == kDisable) continue;
    if (mode != kNew && mode != kInherit) return kEINVAL;
    if (prison_->parent->sysv[kind] == nullptr) return kEPERM;
  }
  return 0;
}

void JailSet::apply_sysv() {
  for (int kind = 0; kind < kSysvKinds; ++kind) {
    int mode = kUnchanged;
    if (options_.copy(kNames[kind], &mode, sizeof(mode)) == kENOENT) {
      // The older permission stands for all three.
      mode = options_.flag("allow.sysvipc") ? kInherit : options_.flag("allow.nosysvipc") ? kDisable : kUnchanged;
    }
    if (mode == kUnchanged) continue;
    Prison* const before = prison_->sysv[kind];
    Prison* const after = mode == kDisable ? nullptr : mode == kNew ? prison_ : prison_->parent->sysv[kind];
    if (before == after) continue;
    prison_->sysv[kind] = after;
    if (before == nullptr) continue;
    // Below, who shared the objects goes along, and all lose theirs where they are disabled.
    for_each_below(*prison_, [&](Prison& below) {
      const bool follows = mode == kDisable ? below.sysv[kind] != nullptr : below.sysv[kind] == before;
      if (follows) below.sysv[kind] = after;
      return follows;
    });
  }
}

}  // namespace bsdjail::simulated

// The system calls but jail_get(2): what stands before and around the work on jails.
#include "../errno.h"
#include "jail_set.h"
#include "world.h"

namespace bsdjail::simulated {
namespace {

constexpr int kSetMask = kJailCreate | kJailUpdate | kJailAttach | kJailDying;
constexpr int kSetMaskWithDescriptors = kSetMask | kJailUseDesc | kJailAtDesc | kJailGetDesc | kJailOwnDesc;

}  // namespace

int World::precheck_set(const Process& caller, int flags) const {
  if (release_.privilege_first() && !privileged(caller)) return kEPERM;
  const bool creates_here = (flags & (kJailCreate | (release_.descriptors() ? kJailAtDesc : 0))) == kJailCreate;
  if (creates_here && caller.prison->child_max == 0) return kEPERM;
  if ((flags & ~(release_.descriptors() ? kSetMaskWithDescriptors : kSetMask)) != 0) return kEINVAL;
  if ((flags & kJailUseDesc) != 0 && (flags & kJailAtDesc) != 0) return kEINVAL;
  return 0;
}

Outcome World::jail_set(Process& caller, Options& options, int flags, int& descriptor) {
  JailSet call(*this, caller, options, flags);
  const int error = call.run();
  descriptor = call.descriptor();
  return error != 0 ? Outcome::fail(error) : Outcome::ok(call.jid());
}

Outcome World::jail_attach(Process& caller, int jid) {
  if (!privileged(caller)) return Outcome::fail(kEPERM);
  Prison* prison = prisons_.find_below(*caller.prison, jid);
  if (prison == nullptr || !prison->alive()) return Outcome::fail(kEINVAL);
  attach(caller, *prison);
  return Outcome::ok();
}

Outcome World::jail_attach_descriptor(Process& caller, int fd) {
  if (!release_.descriptors()) return Outcome::fail(kENOSYS);
  std::shared_ptr<Descriptor> from;
  if (int error = find_descriptor(caller, fd, from)) return Outcome::fail(error);
  if (!privileged(*from)) return Outcome::fail(kEPERM);
  Prison& prison = *from->prison;
  if (!prison.alive()) return Outcome::fail(kEINVAL);
  // The kernel takes a reference to find the jail and another to enter it, and gives only one back: a jail that has
  // once been entered by a descriptor stays dying for ever when it is removed.
  prisons_.hold(prison, false);
  ++prison.leaked;
  attach(caller, prison);
  return Outcome::ok();
}

Outcome World::jail_remove(Process& caller, int jid) {
  if (!privileged(caller)) return Outcome::fail(kEPERM);
  Prison* prison = prisons_.find_below(*caller.prison, jid);
  if (prison == nullptr) return Outcome::fail(kEINVAL);
  remove(*prison);
  return Outcome::ok();
}

Outcome World::jail_remove_descriptor(Process& caller, int fd) {
  if (!release_.descriptors()) return Outcome::fail(kENOSYS);
  std::shared_ptr<Descriptor> from;
  if (int error = find_descriptor(caller, fd, from)) return Outcome::fail(error);
  if (!privileged(*from)) return Outcome::fail(kEPERM);
  remove(*from->prison);
  return Outcome::ok();
}

Outcome World::close(Process& caller, int fd) {
  const auto found = caller.descriptors.find(fd);
  if (found == caller.descriptors.end()) return Outcome::fail(kEBADF);
  dirty = true;
  std::shared_ptr<Descriptor> closed = std::move(found->second);
  caller.descriptors.erase(found);
  drop_descriptor(std::move(closed));
  return Outcome::ok();
}

}  // namespace bsdjail::simulated

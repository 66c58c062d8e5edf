// The jail system calls under their C names.
#include <sys/jail.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

#include "../kernel/errno.h"
#include "process.h"

namespace {

using bsdjail::IoVec;
using bsdjail::Outcome;
using bsdjail::SimulatedKernel;
using bsdjail::clib::answer;
using bsdjail::clib::kernel;

// The kernel refuses longer lists without reading them.
constexpr unsigned int kMaxIovecs = 1024;
constexpr int kFirstDescriptor = 0x40000000;

template <typename Call>
int run(Call&& call) {
  SimulatedKernel* self = kernel();
  return answer(self == nullptr ? Outcome::fail(bsdjail::kEIO) : call(*self));
}

template <typename Call>
int with_list(struct iovec* iov, unsigned int niov, Call&& call) {
  return run([&](SimulatedKernel& self) {
    if (niov % 2 != 0 || niov > kMaxIovecs) return Outcome::fail(bsdjail::kEINVAL);
    if (iov == nullptr && niov > 0) return Outcome::fail(bsdjail::kEFAULT);
    std::vector<IoVec> list(niov);
    for (unsigned int i = 0; i < niov; ++i) list[i] = {iov[i].iov_base, iov[i].iov_len};
    const Outcome outcome = call(self, list.data(), list.size());
    for (unsigned int i = 0; i < niov; ++i) iov[i].iov_len = list[i].len;
    return outcome;
  });
}

template <typename Address>
std::string bytes(const Address* addresses, std::uint32_t count) {
  return {reinterpret_cast<const char*>(addresses), count * sizeof(Address)};
}

}  // namespace

extern "C" {

int jail_set(struct iovec* iov, unsigned int niov, int flags) {
  return with_list(iov, niov, [flags](SimulatedKernel& self, IoVec* list, std::size_t count) {
    return self.jail_set(list, count, flags);
  });
}

int jail_get(struct iovec* iov, unsigned int niov, int flags) {
  return with_list(iov, niov, [flags](SimulatedKernel& self, IoVec* list, std::size_t count) {
    return self.jail_get(list, count, flags);
  });
}

int jail_attach(int jid) {
  return run([jid](SimulatedKernel& self) { return self.jail_attach(jid); });
}

int jail_remove(int jid) {
  return run([jid](SimulatedKernel& self) { return self.jail_remove(jid); });
}

int jail_attach_jd(int fd) {
  return run([fd](SimulatedKernel& self) { return self.jail_attach_jd(fd); });
}

int jail_remove_jd(int fd) {
  return run([fd](SimulatedKernel& self) { return self.jail_remove_jd(fd); });
}

int jail(struct jail* asked) {
  return run([asked](SimulatedKernel& self) {
    if (asked == nullptr) return Outcome::fail(bsdjail::kEFAULT);
    bsdjail::SimulatedLegacyJail legacy;
    if (asked->version == 0) {
      const auto* old = reinterpret_cast<const struct jail_v0*>(asked);
      if (old->path == nullptr || old->hostname == nullptr) return Outcome::fail(bsdjail::kEFAULT);
      const struct in_addr address = {htonl(old->ip_number)};
      legacy.path = old->path;
      legacy.hostname = old->hostname;
      legacy.ip4 = bytes(&address, 1);
      return self.jail(legacy);
    }
    if (asked->version != JAIL_API_VERSION) return Outcome::fail(bsdjail::kEINVAL);
    if (asked->path == nullptr || asked->hostname == nullptr) return Outcome::fail(bsdjail::kEFAULT);
    if ((asked->ip4s > 0 && asked->ip4 == nullptr) || (asked->ip6s > 0 && asked->ip6 == nullptr)) {
      return Outcome::fail(bsdjail::kEFAULT);
    }
    if (asked->ip4s > kMaxIovecs || asked->ip6s > kMaxIovecs) return Outcome::fail(bsdjail::kEINVAL);
    legacy.path = asked->path;
    legacy.hostname = asked->hostname;
    if (asked->jailname != nullptr) legacy.name = asked->jailname;
    legacy.ip4 = bytes(asked->ip4, asked->ip4s);
    legacy.ip6 = bytes(asked->ip6, asked->ip6s);
    return self.jail(legacy);
  });
}

// Jail descriptors are closed as every other is; their numbers are higher than the host ever gives out.
BSDJAIL_EXPORT int close(int fd) {
  if (fd < kFirstDescriptor) return static_cast<int>(::syscall(SYS_close, fd));
  return run([fd](SimulatedKernel& self) { return self.close(fd); });
}

}  // extern "C"

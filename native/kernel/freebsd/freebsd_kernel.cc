#include "freebsd_kernel.h"

#include <sys/param.h>
#include <sys/jail.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace bsdjail {
namespace {

static_assert(sizeof(IoVec) == sizeof(iovec) && offsetof(IoVec, base) == offsetof(iovec, iov_base) &&
                  offsetof(IoVec, len) == offsetof(iovec, iov_len),
              "IoVec is passed to the kernel as a struct iovec");

Outcome outcome_of(int value) { return value == -1 ? Outcome::fail(errno) : Outcome::ok(value); }

// What only FreeBSD 15's libc has is looked for at run time, so that one binary serves 13, 14 and 15.
Outcome by_descriptor(const char* symbol, int fd) {
  using Call = int (*)(int);
  const auto call = reinterpret_cast<Call>(dlsym(RTLD_DEFAULT, symbol));
  return call == nullptr ? Outcome::fail(ENOSYS) : outcome_of(call(fd));
}

// The kernel hands out descriptors without close-on-exec, and one that leaks gives its jail away.
void close_on_exec(const IoVec* iov, std::size_t count, int flags) {
  if ((flags & (kJailGetDesc | kJailOwnDesc)) == 0) return;
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    if (iov[i].base == nullptr || iov[i].len != sizeof("desc") || iov[i + 1].base == nullptr ||
        iov[i + 1].len != sizeof(int) || std::memcmp(iov[i].base, "desc", sizeof("desc")) != 0) {
      continue;
    }
    int fd = -1;
    std::memcpy(&fd, iov[i + 1].base, sizeof fd);
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}

class FreebsdKernel final : public Kernel {
 public:
  Outcome jail_set(IoVec* iov, std::size_t count, int flags) override {
    const Outcome outcome =
        outcome_of(::jail_set(reinterpret_cast<iovec*>(iov), static_cast<unsigned>(count), flags));
    if (!outcome.failed()) close_on_exec(iov, count, flags);
    return outcome;
  }

  Outcome jail_get(IoVec* iov, std::size_t count, int flags) override {
    const Outcome outcome =
        outcome_of(::jail_get(reinterpret_cast<iovec*>(iov), static_cast<unsigned>(count), flags));
    if (!outcome.failed()) close_on_exec(iov, count, flags);
    return outcome;
  }

  Outcome jail_remove(int jid) override { return outcome_of(::jail_remove(jid)); }
  Outcome jail_remove_jd(int fd) override { return by_descriptor("jail_remove_jd", fd); }
  Outcome jail_attach(int jid) override { return outcome_of(::jail_attach(jid)); }
  Outcome jail_attach_jd(int fd) override { return by_descriptor("jail_attach_jd", fd); }
  Outcome close(int fd) override { return outcome_of(::close(fd)); }

  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                 std::size_t value_len) override {
    return freebsd_sysctl(name, old, old_len, value, value_len);
  }

  Outcome sysctl_describe(std::string_view name, SysctlNode& node) override {
    return freebsd_sysctl_describe(name, node);
  }

  Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) override {
    return freebsd_sysctl_walk(prefix, nodes);
  }

  Outcome processes(std::vector<ProcessInfo>& list) override { return freebsd_processes(list); }

  Outcome rctl(RctlCall call, std::string_view filter, std::string& answer) override {
    return freebsd_rctl(call, filter, answer);
  }

  std::unique_ptr<EventQueue> event_queue(Outcome& outcome) override { return freebsd_event_queue(outcome); }
};

}  // namespace

std::unique_ptr<Kernel> freebsd_kernel() { return std::make_unique<FreebsdKernel>(); }

}  // namespace bsdjail

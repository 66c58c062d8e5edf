// The jail filters of FreeBSD 15's kqueue. Older kernels answer EINVAL to an unknown filter, which is told as ENOSYS.
#include <sys/types.h>
#include <sys/event.h>

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "freebsd_kernel.h"

namespace bsdjail {
namespace {

// As FreeBSD 15's <sys/event.h> has them; the headers of older releases do not.
constexpr short kFilterJail = -14;
constexpr short kFilterJailDesc = -15;
constexpr std::uint32_t kNotes = 0xf8000000;
constexpr uintptr_t kWakeIdent = 1;

class FreebsdEventQueue final : public EventQueue {
 public:
  explicit FreebsdEventQueue(int fd) : fd_(fd) {}
  FreebsdEventQueue(const FreebsdEventQueue&) = delete;
  FreebsdEventQueue& operator=(const FreebsdEventQueue&) = delete;
  ~FreebsdEventQueue() override { ::close(fd_); }

  Outcome add_jail(int jid, std::uint32_t fflags) override { return add(kFilterJail, jid, fflags); }
  Outcome add_descriptor(int fd, std::uint32_t fflags) override { return add(kFilterJailDesc, fd, fflags); }

  Outcome wait(std::vector<JailEvent>& events, int timeout_ms) override {
    struct kevent got[64];
    const timespec limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
    const int count = kevent(fd_, nullptr, 0, got, 64, timeout_ms < 0 ? nullptr : &limit);
    if (count < 0) return errno == EINTR ? Outcome::ok(0) : Outcome::fail(errno);
    int told = 0;
    for (int i = 0; i < count; ++i) {
      if (got[i].filter != kFilterJail && got[i].filter != kFilterJailDesc) continue;
      JailEvent event;
      event.by_descriptor = got[i].filter == kFilterJailDesc;
      event.ident = static_cast<std::int64_t>(got[i].ident);
      event.fflags = got[i].fflags;
      event.data = got[i].data;
      event.eof = (got[i].flags & EV_EOF) != 0;
      events.push_back(event);
      ++told;
    }
    return Outcome::ok(told);
  }

  void wake() override {
    struct kevent change;
    EV_SET(&change, kWakeIdent, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr);
    kevent(fd_, &change, 1, nullptr, 0, nullptr);
  }

 private:
  Outcome add(short filter, int ident, std::uint32_t fflags) {
    struct kevent change;
    EV_SET(&change, static_cast<uintptr_t>(ident), filter, EV_ADD | EV_CLEAR, fflags & kNotes, 0, nullptr);
    if (kevent(fd_, &change, 1, nullptr, 0, nullptr) == 0) return Outcome::ok();
    return Outcome::fail(errno);
  }

  int fd_;
};

}  // namespace

std::unique_ptr<EventQueue> freebsd_event_queue(Outcome& outcome) {
  const int fd = kqueue();
  if (fd == -1) {
    outcome = Outcome::fail(errno);
    return nullptr;
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  auto queue = std::make_unique<FreebsdEventQueue>(fd);
  struct kevent change;
  EV_SET(&change, kWakeIdent, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, nullptr);
  if (kevent(fd, &change, 1, nullptr, 0, nullptr) != 0) {
    outcome = Outcome::fail(errno);
    return nullptr;
  }
  // A kernel without the filters is told here, not at the first jail: the host's own always exists.
  outcome = queue->add_jail(0, 0);
  if (outcome.error == EINVAL) outcome = Outcome::fail(ENOSYS);
  if (outcome.failed()) return nullptr;
  return queue;
}

}  // namespace bsdjail

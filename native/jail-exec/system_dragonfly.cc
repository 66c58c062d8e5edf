// DragonFly BSD. Its jails have no descriptors, routing tables or processor sets of their own.
#include <sys/types.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/procctl.h>
#include <sys/socket.h>

#include <login_cap.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "../kernel/dragonfly/native/abi.h"
#include "system.h"

namespace bsdjail {
namespace {

class DragonflyClass final : public LoginClass {
 public:
  explicit DragonflyClass(login_cap_t* handle) : handle_(handle) {}
  DragonflyClass(const DragonflyClass&) = delete;
  DragonflyClass& operator=(const DragonflyClass&) = delete;
  ~DragonflyClass() override { login_close(handle_); }

  int apply(const passwd& user, const ClassParts& parts) override {
    unsigned int flags = 0;
    if (parts.user) flags |= LOGIN_SETALL & ~(LOGIN_SETGROUP | LOGIN_SETLOGIN | LOGIN_SETPATH | LOGIN_SETENV);
    if (parts.environment) flags |= LOGIN_SETPATH | LOGIN_SETENV;
    if (flags == 0) return 0;
    errno = 0;
    if (setusercontext(handle_, const_cast<passwd*>(&user), user.pw_uid, flags) == 0) return 0;
    return errno != 0 ? errno : EINVAL;
  }

 private:
  login_cap_t* handle_;
};

// What stands between two commas; false where it is no address.
bool parse(const std::string& text, std::vector<std::string>& addresses) {
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    addresses.emplace_back(bytes, 4);
  } else if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) {
    addresses.emplace_back(bytes, 16);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int system_attach(int jid) { return jail_attach(jid) == 0 ? 0 : errno; }

int system_attach_descriptor(int) { return ENOSYS; }

int system_jail(const char* path, const char* hostname, const char* addresses, int& jid) {
  std::vector<std::string> list;
  std::string rest = addresses;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (!parse(rest.substr(0, comma), list)) return EINVAL;
    rest = comma == std::string::npos ? std::string() : rest.substr(comma + 1);
  }
  return dragonfly::make_jail(path, hostname, list, jid);
}

int system_signal_all(int signal) { return kill(-1, signal) == 0 ? 0 : errno; }

int system_set_fib(int fib) { return fib == 0 ? 0 : EINVAL; }

int system_set_death_signal(int signal) {
#ifdef PROC_PDEATHSIG_CTL
  return procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signal) == 0 ? 0 : errno;
#else
  return signal == 0 ? 0 : ENOSYS;
#endif
}

int system_close_range(int first, int last) {
  if (last < 0) {
    closefrom(first);
    return 0;
  }
  for (int fd = first; fd <= last; fd++) close(fd);
  return 0;
}

void system_widen_cpuset() {}

std::string system_descriptor_path(int) { return {}; }

long system_open_files_before_parent() { return -1; }

void system_prepare() {}

std::unique_ptr<LoginClass> system_open_class(const passwd& user, int& error) {
  errno = 0;
  login_cap_t* handle = login_getpwclass(&user);
  if (handle != nullptr) return std::make_unique<DragonflyClass>(handle);
  error = errno != 0 ? errno : EINVAL;
  return nullptr;
}

}  // namespace bsdjail

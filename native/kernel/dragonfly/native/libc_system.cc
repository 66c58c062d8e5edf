#include "libc_system.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

// The tree's own nodes are asked in the same way on both systems.
#include "../../freebsd/freebsd_kernel.h"
#include "abi.h"
#include "helper.h"

namespace bsdjail::dragonfly {
namespace {

// DragonFly's errno numbers are FreeBSD's up to 92, and none of these calls gives another.
Outcome outcome_of(int value) { return value == -1 ? Outcome::fail(errno) : Outcome::ok(value); }

std::string address_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.bytes.size() == 4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof(text));
  return text;
}

class LibcSystem final : public System {
 public:
  explicit LibcSystem(std::string helper) : helper_(std::move(helper)) {}

  Outcome hold(const NewJail& jail) override {
    std::string addresses;
    for (const Address& address : jail.addresses) addresses += (addresses.empty() ? "" : ",") + address_text(address);
    return run_helper(helper_, {"-J", jail.path, "-N", jail.hostname, "-A", addresses});
  }

  Outcome jail(const NewJail& jail) override {
    std::vector<std::string> addresses;
    for (const Address& address : jail.addresses) addresses.push_back(address.bytes);
    int jid = -1;
    const int error = make_jail(jail.path.c_str(), jail.hostname.c_str(), addresses, jid);
    return error != 0 ? Outcome::fail(error) : Outcome::ok(jid);
  }

  Outcome attach(int jid) override { return outcome_of(::jail_attach(jid)); }
  Outcome end_processes(int jid) override { return run_helper(helper_, {"-j", std::to_string(jid), "-K"}); }
  Outcome close(int fd) override { return outcome_of(::close(fd)); }

  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                 std::size_t value_len) override {
    return outcome_of(sysctlbyname(std::string(name).c_str(), old, old_len, value, value_len));
  }
  Outcome processes(std::vector<ProcessInfo>& list) override { return libc_processes(list); }
  Outcome sysctl_describe(std::string_view name, SysctlNode& node) override {
    return freebsd_sysctl_describe(name, node);
  }
  Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) override {
    return freebsd_sysctl_walk(prefix, nodes);
  }

 private:
  const std::string helper_;
};

}  // namespace

std::unique_ptr<System> libc_system(std::string helper) { return std::make_unique<LibcSystem>(std::move(helper)); }

}  // namespace bsdjail::dragonfly

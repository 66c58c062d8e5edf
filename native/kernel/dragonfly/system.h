// What DragonFly's kernel offers for jails, as it is: jail(2), jail_attach(2), and sysctls for everything else. Behind it
// are libc (native/) and the simulated DragonFly (../simulated/dragonfly/); dragonfly_kernel.h makes a Kernel of it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel.h"

namespace bsdjail::dragonfly {

// An address of a jail: its bytes in network order, 4 or 16 of them; none where the kernel has a family that it cannot
// tell of.
struct Address {
  std::string bytes;
  bool operator==(const Address&) const = default;
};

// What jail(2) takes.
struct NewJail {
  std::string path;
  std::string hostname;
  // As the call gets them. The kernel puts each before those it has, so its own list is the other way round.
  std::vector<Address> addresses;
};

class System {
 public:
  virtual ~System() = default;

  // A process of its own makes the jail, and stays in it and does nothing until it is killed: the jid.
  virtual Outcome hold(const NewJail& jail) = 0;
  // jail(2): this process is in the jail afterwards, for ever. The jid.
  virtual Outcome jail(const NewJail& jail) = 0;
  virtual Outcome attach(int jid) = 0;
  // Kills every process of the jail until none is left, from within, where a signal to all reaches no other.
  virtual Outcome end_processes(int jid) = 0;

  virtual Outcome close(int fd) = 0;
  virtual Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                         std::size_t value_len) = 0;
  // Every process in a jail.
  virtual Outcome processes(std::vector<ProcessInfo>& list) = 0;
  virtual Outcome sysctl_describe(std::string_view name, SysctlNode& node) = 0;
  virtual Outcome sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) = 0;
};

}  // namespace bsdjail::dragonfly

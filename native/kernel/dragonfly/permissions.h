// Permissions of DragonFly's jails. The kernel has each under two names, one below jail.defaults and one below jail.<jid>,
// which differ, and not all in every release: what there is is read from the kernel, and named here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system.h"

namespace bsdjail::dragonfly {

struct Permission {
  std::string name;  // "allow.raw_sockets"
  std::string node;  // "jail.defaults.allow_raw_sockets"
  bool inverted = false;  // the node says what is forbidden
  std::string description;
};

// Jails from this number on have a node whose name is cut to five digits, which can be another jail's.
inline constexpr int kFirstUnnamed = 100000;

// The parameter that a node is about, by the last part of its name.
std::string permission_name(std::string_view leaf, bool& inverted);

// Those that new jails get, empty where the kernel has no such nodes.
std::vector<Permission> default_permissions(System& system);
// Those of one jail.
std::vector<Permission> jail_permissions(System& system, int jid);

}  // namespace bsdjail::dragonfly

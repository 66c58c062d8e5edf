#include "permissions.h"

#include <algorithm>

namespace bsdjail::dragonfly {
namespace {

struct Known {
  std::string_view leaf;
  std::string_view name;
  bool inverted;
};

// Where the common name cannot be had from the node's own by rule.
constexpr Known kKnown[] = {
    {"socket_unixiproute_only", "allow.socket_af", true}, {"net_unixiproute", "allow.socket_af", true},
    {"sys_set_hostname", "allow.set_hostname", false},    {"set_hostname_allowed", "allow.set_hostname", false},
    {"net_raw_sockets", "allow.raw_sockets", false},      {"allow_raw_sockets", "allow.raw_sockets", false},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix || text.size() == prefix.size()) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::vector<Permission> permissions_below(System& system, const std::string& prefix) {
  std::vector<SysctlNode> nodes;
  std::vector<Permission> permissions;
  if (system.sysctl_walk(prefix, nodes).failed()) return permissions;
  for (SysctlNode& node : nodes) {
    // Nothing that lies deeper, and nothing that is not a bit to be set.
    if (node.name.size() <= prefix.size() + 1 || node.name.find('.', prefix.size() + 1) != std::string::npos) continue;
    Permission permission;
    permission.name = permission_name(std::string_view(node.name).substr(prefix.size() + 1), permission.inverted);
    permission.node = std::move(node.name);
    permission.description = std::move(node.description);
    permissions.push_back(std::move(permission));
  }
  return permissions;
}

}  // namespace

std::string permission_name(std::string_view leaf, bool& inverted) {
  inverted = false;
  for (const Known& known : kKnown) {
    if (known.leaf != leaf) continue;
    inverted = known.inverted;
    return std::string(known.name);
  }
  if (take_prefix(leaf, "vfs_mount_")) return "allow.mount." + std::string(leaf);
  for (std::string_view prefix : {"allow_", "sys_", "net_", "vfs_"}) {
    if (take_prefix(leaf, prefix)) break;
  }
  constexpr std::string_view kSuffix = "_allowed";
  if (leaf.size() > kSuffix.size() && leaf.substr(leaf.size() - kSuffix.size()) == kSuffix) {
    leaf.remove_suffix(kSuffix.size());
  }
  return "allow." + std::string(leaf);
}

std::vector<Permission> default_permissions(System& system) { return permissions_below(system, "jail.defaults"); }

std::vector<Permission> jail_permissions(System& system, int jid) {
  return permissions_below(system, "jail." + std::to_string(jid));
}

}  // namespace bsdjail::dragonfly

#include "parameters.h"

#include <algorithm>
#include <cstring>

namespace bsdjail::dragonfly {
namespace {

// CTLTYPE and flags of <sys/sysctl.h>, as the parameters' tables of all kernels have them.
constexpr std::uint32_t kInt = 2;
constexpr std::uint32_t kString = 3;
constexpr std::uint32_t kOpaque = 5;
constexpr std::uint32_t kTypeMask = 0xf;
constexpr std::uint32_t kRead = 0x80000000u;
constexpr std::uint32_t kAtCreation = 0x80080000u;
constexpr std::uint32_t kAlways = 0xc0000000u;

struct Row {
  const char* name;
  std::uint32_t kind;
  const char* format;
  const char* description;
};

// Jid and name count as settable, so that what is given comes here and is refused with the reason.
constexpr Row kRows[] = {
    {"jid", kAtCreation | kInt, "I", "Jail ID"},
    {"parent", kRead | kInt, "I", "Jail parent ID, always 0"},
    {"name", kAtCreation | kString, "A", "Jail name, which is its ID"},
    {"path", kAtCreation | kString, "A", "Jail root path"},
    {"dying", kRead | kInt, "B", "Jail is in the process of shutting down, which this kernel does not tell"},
    {"host.hostname", kAtCreation | kString, "A", "Jail hostname"},
    {"ip4.addr", kAtCreation | kOpaque, "S,in_addr,a", "Jail IPv4 addresses"},
    {"ip6.addr", kAtCreation | kOpaque, "S,in6_addr,a", "Jail IPv6 addresses"},
};

struct Reason {
  std::string_view name;  // with a dot at the end: all below it as well
  const char* why;
};

constexpr Reason kReasons[] = {
    {"children.", "DragonFly's jails cannot be nested"},
    {"vnet", "DragonFly's jails share the host's network stack"},
    {"meta.", "DragonFly keeps no metadata of a jail"},
    {"env.", "DragonFly keeps no metadata of a jail"},
    {"securelevel", "DragonFly's jails have the host's securelevel"},
    {"enforce_statfs", "DragonFly's jails see the host's mount table as it is"},
    {"devfs_ruleset", "DragonFly's devfs has no rulesets for jails"},
    {"osrelease", "DragonFly's jails tell the host's release"},
    {"osreldate", "DragonFly's jails tell the host's release"},
    {"cpuset.", "DragonFly's jails have no processor sets"},
    {"host.", "of the host's identity DragonFly's jails have a host.hostname of their own alone"},
    {"ip4.", "DragonFly's jails have the addresses of ip4.addr and no mode"},
    {"ip6.", "DragonFly's jails have the addresses of ip6.addr and no mode"},
    {"sysvmsg", "DragonFly has allow.sysvipc, for all of System V IPC"},
    {"sysvsem", "DragonFly has allow.sysvipc, for all of System V IPC"},
    {"sysvshm", "DragonFly has allow.sysvipc, for all of System V IPC"},
    {"linux.", "DragonFly has no Linux emulation"},
    {"allow.mount", "DragonFly has a permission for each file system: allow.mount.nullfs, allow.mount.tmpfs"},
    {"allow.", "this DragonFly has no such permission: see the sysctls below jail.defaults"},
    {"persist", "a jail of DragonFly lives as long as its processes, and the one that holds it ends with it"},
    {"desc", "DragonFly has no jail descriptors"},
};

bool covers(std::string_view pattern, std::string_view name) {
  if (pattern == name) return true;
  if (pattern.back() != '.') return false;
  return name == pattern.substr(0, pattern.size() - 1) || name.substr(0, pattern.size()) == pattern;
}

}  // namespace

std::vector<SysctlNode> parameter_nodes(System& system) {
  std::vector<SysctlNode> nodes;
  const auto add = [&nodes](const std::string& name, std::uint32_t kind, const char* format, std::string description) {
    nodes.push_back({std::string(kParameterTree) + "." + name, kind, format, std::move(description)});
  };
  for (const Row& row : kRows) add(row.name, row.kind, row.format, row.description);
  for (Permission& permission : default_permissions(system)) {
    // Its name says what is allowed, where the kernel's words say what is not.
    std::string words = permission.inverted ? "Jail may create sockets other than just UNIX/IPv4/IPv6/route"
                                            : std::move(permission.description);
    add(permission.name, kAlways | kInt, "B", std::move(words));
  }
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

std::string parameter_node_value(const SysctlNode& node) {
  const std::string_view name = std::string_view(node.name).substr(kParameterTree.size() + 1);
  const std::uint32_t type = node.kind & kTypeMask;
  if (type == kString) return std::to_string(name == "path" ? kMaxPath : kMaxHostName) + '\0';
  std::string value(type == kOpaque ? 8 : 4, '\0');
  if (type == kOpaque) value[0] = name == "ip4.addr" ? 4 : 16;
  return value;
}

bool is_parameter(std::string_view name) {
  return std::any_of(std::begin(kRows), std::end(kRows), [name](const Row& row) { return row.name == name; });
}

std::string why_unknown(std::string_view name) {
  for (const Reason& reason : kReasons) {
    if (covers(reason.name, name)) return reason.why;
  }
  return "DragonFly's jails have no such parameter";
}

std::string why_fixed(std::string_view name) {
  if (name == "name") return "DragonFly's jails have no names and go by their jid";
  if (name == "jid") return "DragonFly's kernel chooses the jid";
  if (name == "host.hostname") return "host.hostname cannot be changed from outside: run hostname(1) in the jail";
  if (name == "persist") return why_unknown(name);
  if (name == "parent" || name == "dying") return std::string(name) + " can only be read";
  return std::string(name) + " cannot be changed after creation: DragonFly has no call for it";
}

}  // namespace bsdjail::dragonfly

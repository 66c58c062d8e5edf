// The parameters that a jail of DragonFly has, under FreeBSD's names where they mean the same, as nodes of a tree that
// its kernel does not have; and why it has no others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "permissions.h"
#include "system.h"

namespace bsdjail::dragonfly {

inline constexpr std::string_view kParameterTree = "security.jail.param";
inline constexpr std::size_t kMaxPath = 1024;
inline constexpr std::size_t kMaxHostName = 256;

// The nodes of the parameters, newest first as a kernel lists them.
std::vector<SysctlNode> parameter_nodes(System& system);
// What reading such a node gives: a text's room, an address's size, else 0.
std::string parameter_node_value(const SysctlNode& node);

// Whether every jail has it: "jid", "path".
bool is_parameter(std::string_view name);
// Why DragonFly has no such parameter, or this one cannot be set.
std::string why_unknown(std::string_view name);
std::string why_fixed(std::string_view name);

}  // namespace bsdjail::dragonfly

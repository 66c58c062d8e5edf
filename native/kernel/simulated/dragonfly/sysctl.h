// The sysctl nodes of a simulated DragonFly, of which each jail has its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../world.h"

namespace bsdjail::simulated {

// The leaves as they are now, in the kernel's order.
std::vector<SysctlNode> dragonfly_nodes(World& world);
// A leaf or what leaves are below: false where there is none of that name.
bool dragonfly_describe(World& world, std::string_view name, SysctlNode& node);

// One leaf's value as this process reads it: 0 or the errno.
int dragonfly_read(World& world, const Process& caller, std::string_view name, std::string& value);
// Sets it: 0 or the errno.
int dragonfly_write(World& world, const Process& caller, std::string_view name, const void* value, std::size_t length);

}  // namespace bsdjail::simulated

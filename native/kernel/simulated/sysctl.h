// The sysctl(3) nodes of a simulated machine: security.jail, and what programs for jails ask of the rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel.h"
#include "world.h"

namespace bsdjail::simulated {

inline constexpr std::uint32_t kSysctlTypeMask = 0xf;
enum SysctlType : std::uint32_t { kNode = 1, kInt = 2, kString = 3, kS64 = 4, kOpaque = 5, kUint = 6, kLong = 7, kUlong = 8,
                                  kU32 = 15 };
inline constexpr std::uint32_t kSysctlWritable = 0x40000000;
inline constexpr std::uint32_t kSysctlPrison = 0x04000000;  // by a jail's superuser too

// The leaves of this release, in the kernel's order.
std::vector<SysctlNode> sysctl_nodes(const Release& release);

// One leaf's value as this process reads it; false where there is no such leaf.
bool sysctl_read(World& world, const Process& caller, const SysctlNode& node, std::string& value);
// Sets it: 0, or the errno. The caller has checked privilege and that the node is writable.
int sysctl_write(World& world, Prison& mine, const SysctlNode& node, const void* value, std::size_t length);

}  // namespace bsdjail::simulated

// Reading sysctl nodes whole: value, kind, format and description.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel/kernel.h"

namespace bsdjail {

// The value of one node, asked for again while it grows. With `value`, sets it and gives what it was before.
Outcome read_sysctl(Kernel& kernel, std::string_view name, const std::vector<std::uint8_t>* value,
                    std::vector<std::uint8_t>& old);

struct SysctlEntry {
  SysctlNode node;
  std::vector<std::uint8_t> value;
};

// Every leaf below `prefix` with its value. One that cannot be read has none.
Outcome walk_sysctl(Kernel& kernel, std::string_view prefix, std::vector<SysctlEntry>& entries);

}  // namespace bsdjail

// RACCT and RCTL as far as a simulated machine has them: rules as rctl(2) takes and tells them, and what jails use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel.h"

namespace bsdjail::simulated {

class World;
struct Prison;
struct Process;

// A rule in its parts, as the kernel writes them: "jail:web:maxproc:deny=5".
struct LimitRule {
  std::string subject;
  std::string id;
  std::string resource;
  std::string action;
  std::int64_t amount = -1;
  std::string per;
  // When the kernel first heard of what the rule is about, and of the rule: the newest is told first.
  std::uint64_t known = 0;
  std::uint64_t serial = 0;
};

std::string limit_text(const LimitRule& rule);
// A rule, or a filter with parts left out: 0, or an errno.
int parse_limit(std::string_view text, LimitRule& rule);

// The calls of rctl(2), from a process on the host.
Outcome limits_call(World& world, const Process& caller, RctlCall call, std::string_view filter, std::int64_t now_ms,
                    std::string& answer);

// Whether a rule denies one more process in this jail.
bool denies_process(const World& world, const Prison& prison);

}  // namespace bsdjail::simulated

// rctl(2): a text in, and for questions a text out.
#include <sys/types.h>
#include <sys/rctl.h>

#include <cerrno>
#include <cstring>

#include "freebsd_kernel.h"

namespace bsdjail {
namespace {

using RctlFunction = int (*)(const char*, std::size_t, char*, std::size_t);

// As much as the kernel writes at most, unless kern.racct.rctl.maxbufsize says more.
constexpr std::size_t kMostAnswer = 16 * 1024 * 1024;

RctlFunction function_of(RctlCall call) {
  switch (call) {
    case RctlCall::kRacct:
      return rctl_get_racct;
    case RctlCall::kRules:
      return rctl_get_rules;
    case RctlCall::kAdd:
      return rctl_add_rule;
    default:
      return rctl_remove_rule;
  }
}

}  // namespace

Outcome freebsd_rctl(RctlCall call, std::string_view filter, std::string& answer) {
  const RctlFunction function = function_of(call);
  const std::string text(filter);
  if (call == RctlCall::kAdd || call == RctlCall::kRemove) {
    return function(text.c_str(), text.size() + 1, nullptr, 0) == 0 ? Outcome::ok() : Outcome::fail(errno);
  }
  std::vector<char> room(16384);
  while (function(text.c_str(), text.size() + 1, room.data(), room.size()) != 0) {
    if (errno != ERANGE || room.size() >= kMostAnswer) return Outcome::fail(errno);
    room.resize(room.size() * 4);
  }
  answer.assign(room.data(), strnlen(room.data(), room.size()));
  return Outcome::ok();
}

}  // namespace bsdjail

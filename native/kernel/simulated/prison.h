// One jail as the kernel keeps it, and the host itself, which is the jail that holds all others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "addresses.h"

namespace bsdjail::simulated {

// Jail ids given out automatically end here; asked for, they may be higher.
inline constexpr int kJidMax = 999999;
inline constexpr std::size_t kMaxPath = 1024;
inline constexpr std::size_t kMaxHostName = 256;
inline constexpr std::size_t kMaxUuid = 64;
inline constexpr std::size_t kMaxOsRelease = 32;
inline constexpr const char* kDefaultUuid = "00000000-0000-0000-0000-000000000000";

enum class State { kInvalid = 0, kAlive = 1, kDying = 2 };

// Flags of a jail; those that a call may change are also used as masks of what it changes.
enum Flag : std::uint32_t {
  kPersist = 1u << 0,
  kHost = 1u << 1,
  kIp4User = 1u << 2,  // its addresses are its own, not inherited
  kIp6User = 1u << 3,
  kVnet = 1u << 4,
  kIp4Saddrsel = 1u << 5,
  kIp6Saddrsel = 1u << 6,
  kIp4 = 1u << 7,  // IPv4 is restricted, by it or by a jail around it
  kIp6 = 1u << 8,
  kLastFlag = kIp6,
};

inline constexpr std::uint32_t user_flag(Family family) { return family == Family::kIp4 ? kIp4User : kIp6User; }
inline constexpr std::uint32_t restricted_flag(Family family) { return family == Family::kIp4 ? kIp4 : kIp6; }

// System V IPC, whose objects belong to a jail each or are shared with the parent's.
enum Sysv { kShm = 0, kSem = 1, kMsg = 2 };
inline constexpr int kSysvKinds = 3;

struct Prison {
  std::uint64_t serial = 0;  // never used twice, unlike the jid
  int jid = 0;
  State state = State::kInvalid;
  Prison* parent = nullptr;
  std::vector<Prison*> children;  // oldest first; the kernel walks them newest first

  // What keeps it: `references` its existence, `users` its life.
  int references = 0;
  int users = 0;
  int kept = 0;    // references of hold_dying()
  int leaked = 0;  // references that the kernel has lost track of

  std::uint32_t flags = 0;
  std::uint64_t allow = 0;
  int child_count = 0;  // all below it
  int child_max = 0;
  int securelevel = 0;
  int enforce_statfs = 0;
  int devfs_ruleset = 0;
  int cpuset = 0;

  std::string name;       // full, as the host sees it
  std::string name_bytes;  // the same with what earlier, longer names have left behind its NUL
  std::string path;  // as it is reported
  std::string root;  // the directory it really is
  std::string hostname;
  std::string domainname;
  std::string hostuuid;
  std::uint64_t hostid = 0;
  std::string osrelease;
  int osreldate = 0;

  Addresses addresses[2] = {Addresses(Family::kIp4), Addresses(Family::kIp6)};
  // Whose objects it uses: null none, itself its own.
  Prison* sysv[kSysvKinds] = {};
  // Metadata, without its NUL; a single NUL is what was set to nothing but NULs (metadata.h).
  std::string meta;
  std::string env;
  // DragonFly: the addresses of both families as the kernel lists them, a byte 4 or 6 before each.
  std::string mixed;

  // The name from this byte on. The kernel skips a parent's name without a look at what it skips: of a jail that was
  // given another parent's kind of name, it then sees what is left of the one before.
  std::string_view name_from(std::size_t at) const {
    if (at <= name.size()) return std::string_view(name).substr(at);
    if (at >= name_bytes.size()) return {};
    const std::string_view left = std::string_view(name_bytes).substr(at);
    return left.substr(0, left.find('\0'));
  }
  // Writes `text` and its NUL over the name's bytes from there on.
  void write_name(std::size_t at, std::string_view text) {
    const std::size_t end = at + text.size() + 1;
    if (name_bytes.size() < end) name_bytes.resize(end);
    text.copy(name_bytes.data() + at, text.size());
    name_bytes[end - 1] = '\0';
    if (name_bytes.size() > kMaxHostName) name_bytes.resize(kMaxHostName);
    name = name_bytes.substr(0, std::min(name_bytes.find('\0'), kMaxHostName - 1));
  }

  bool alive() const { return state == State::kAlive; }
  bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
  Addresses& list(Family family) { return addresses[static_cast<int>(family)]; }
  const Addresses& list(Family family) const { return addresses[static_cast<int>(family)]; }
  bool below(const Prison& other) const {
    for (const Prison* at = parent; at != nullptr; at = at->parent) {
      if (at == &other) return true;
    }
    return false;
  }
};

// Calls visit(prison) for each jail below `top`, parents first, newest sibling first; where it returns false, the
// jails below that one are left out.
template <typename Visit>
void for_each_below(const Prison& top, Visit&& visit) {
  for (std::size_t i = top.children.size(); i-- > 0;) {
    Prison& child = *top.children[i];
    if (visit(child)) for_each_below(child, visit);
  }
}

}  // namespace bsdjail::simulated

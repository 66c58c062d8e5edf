// What a release is to this model: its number, and what its jails can do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bsdjail::simulated {

struct Release {
  int number = 0;  // 1302 for 13.2
  int osreldate = 0;
  bool dragonfly = false;  // else FreeBSD

  // Jail descriptors, meta and env, jail events: all came with 15.0.
  bool descriptors() const { return number >= 1500; }
  bool metadata() const { return number >= 1500; }
  bool events() const { return number >= 1500; }
  // Up to 14, JAIL_DYING lets jail_set(2) find a dying jail and bring it back to life; later a dying jail stays dead,
  // and one that is in the way of a wanted jid gets another number.
  bool resurrects() const { return number < 1500; }
  // Before 15, privilege is the first thing that jail_set(2) looks at.
  bool privilege_first() const { return number < 1500; }

  std::string version() const;  // "13.2"
  std::string text() const;     // the same, "dragonfly-6.4" for one of DragonFly
};

// "15.1", "15.1-RELEASE", "14", "dragonfly-6.4": null where this is no release from 13.0 to 15.1, nor a DragonFly from 5.8
// to 6.5.
const Release* find_release(std::string_view text);

// File systems that a jail may be allowed to mount, in the order in which the kernel registers them.
std::vector<std::string_view> mountable(const Release& release);

}  // namespace bsdjail::simulated

// One call of jail_set(2), in the kernel's order: all parameters are checked before any jail is looked for, and
// almost all rules before anything is changed. What each step finds out is kept here for the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "world.h"

namespace bsdjail::simulated {

class JailSet {
 public:
  JailSet(World& world, Process& caller, Options& options, int flags);

  // 0 or the errno; jid() is then the jail's, and descriptor() the one asked for, or -1.
  int run();
  int jid() const { return jid_; }
  int descriptor() const { return descriptor_out_; }

 private:
  // Reading (jail_set_read.cc).
  int read_descriptor();
  int read_parameters();
  int read_flags();
  int read_names();
  int read_addresses();
  int read_system();
  int read_path();
  int read_text(std::string_view name, std::size_t limit, bool host, std::optional<std::string_view>& text);
  int read_int(std::string_view name, std::optional<int>& value);

  // Finding (jail_set_find.cc).
  int find();
  int find_by_descriptor();
  int find_by_jid();
  int find_by_jid_or_revive();
  int find_by_name();
  int find_sibling(std::string_view shown);
  int make_room();

  // Checking and changing (jail_set_apply.cc).
  int create();
  int check_existing();
  int check_limits();
  int check_addresses();
  int check_name();
  int check_unknown();
  void apply();
  void apply_addresses(Family family);
  void apply_limits();
  void apply_host();
  void apply_permissions();
  int finish();
  int let_go(int error);

  // System V IPC and metadata (sysv.cc, metadata.cc).
  int check_sysv();
  void apply_sysv();
  void mark_metadata();
  int apply_metadata();

  bool changes(std::uint32_t flag) const { return (changed_flags_ & flag) != 0; }
  bool given(int flag) const { return (flags_ & flag) != 0; }
  bool only_create() const { return operation_ == kJailCreate; }
  bool only_update() const { return operation_ == kJailUpdate; }

  World& world_;
  Prisons& prisons_;
  Process& caller_;
  Options& options_;
  const int flags_;
  int operation_ = 0;  // kJailCreate, kJailUpdate or both

  Prison* mine_;                // the jail that the caller is in, or that it named by a descriptor
  Prison* parent_ = nullptr;    // whose limits count
  Prison* prison_ = nullptr;    // the jail in question
  Prison* in_the_way_ = nullptr;  // a dying jail with the wanted jid
  bool created_ = false;
  bool reborn_ = false;
  bool loses_user_ = false;
  bool maybe_changed_ = false;

  int descriptor_in_ = -1;
  int descriptor_out_ = -1;

  int jid_ = 0;
  std::optional<int> securelevel_, child_max_, enforce_statfs_, devfs_ruleset_;
  std::uint32_t set_flags_ = 0, changed_flags_ = 0;
  std::uint64_t set_allow_ = 0, changed_allow_ = 0;
  std::optional<std::string_view> name_, hostname_, domainname_, hostuuid_, osrelease_;
  std::optional<std::uint64_t> hostid_;
  int osreldate_ = 0;
  Addresses addresses_[2] = {Addresses(Family::kIp4), Addresses(Family::kIp6)};
  std::optional<std::string> root_;
  std::string revived_name_;          // backs name_ where the call gave none
  std::optional<std::string> component_;  // the last name, once found
};

// strtoul(3) in base 10, as the kernel's own: leading blanks and a sign are taken, and too large a number is the largest.
// `rest` is what follows the digits; all of `text` where there are none.
unsigned long parse_number(std::string_view text, std::string_view& rest);

}  // namespace bsdjail::simulated

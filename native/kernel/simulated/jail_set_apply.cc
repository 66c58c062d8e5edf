#include <algorithm>

#include "../errno.h"
#include "jail_set.h"

namespace bsdjail::simulated {
namespace {

constexpr int kMaxRuleset = 65535;

// The jail around `prison` (or it itself) that has a network stack of its own.
const Prison& network_of(const Prison& prison) {
  const Prison* at = &prison;
  while (at->parent != nullptr && !at->has(kVnet)) at = at->parent;
  return *at;
}

// Whether no living jail of the same network stack has one of these addresses. Jails that have but one each may share it.
bool free_of_clashes(const Prison& parent, const Prison& prison, const Addresses& wanted, Family family) {
  const Prison& network = network_of(parent);
  bool free = true;
  for_each_below(network, [&](Prison& other) {
    if (!free || &other == &prison || other.has(kVnet) || !other.alive()) return false;
    if (!other.has(user_flag(family))) return true;
    const Addresses& theirs = other.list(family);
    if (theirs.empty() || (wanted.count() == 1 && theirs.count() == 1)) return false;
    for (std::size_t i = 0; i < wanted.count(); ++i) {
      if (theirs.contains(wanted.at(i))) free = false;
    }
    return false;
  });
  return free;
}

}  // namespace

JailSet::JailSet(World& world, Process& caller, Options& options, int flags)
    : world_(world), prisons_(world.prisons()), caller_(caller), options_(options), flags_(flags), mine_(caller.prison) {}

int JailSet::run() {
  operation_ = flags_ & (kJailCreate | kJailUpdate);
  if (operation_ == 0) {
    options_.error("no valid operation (create or update)");
    return kEINVAL;
  }
  int error = world_.release().descriptors() ? read_descriptor() : 0;
  if (error == 0 && !world_.release().privilege_first() && !given(kJailUseDesc) && !world_.privileged(caller_)) {
    error = kEPERM;
  }
  if (error == 0) error = read_parameters();
  if (error == 0) error = find();
  if (error == 0 && prison_ == nullptr) {
    error = make_room();
    if (error == 0) error = create();
  } else if (error == 0) {
    prisons_.hold(*prison_, false);
    error = check_existing();
    if (error != 0) return let_go(error);
  }
  if (error == 0) {
    error = check_limits();
    if (error == 0) error = check_addresses();
    if (error == 0) error = check_name();
    if (error == 0 && (set_allow_ & ~parent_->allow & ~world_.free_permissions()) != 0) error = kEPERM;
    if (error == 0) error = check_unknown();
    if (error != 0) return let_go(error);
    apply();
    return let_go(finish());
  }
  if (descriptor_out_ >= 0) world_.close(caller_, descriptor_out_);
  return error;
}

int JailSet::create() {
  created_ = true;
  prison_ = &prisons_.create(jid_, *parent_);
  world_.dirty = true;
  Prison& prison = *prison_;
  if (!component_) component_ = "";
  prison.path = root_ ? *root_ : "/";
  prison.root = root_ ? *root_ : mine_->root;
  prison.hostuuid = kDefaultUuid;
  prison.flags = kHost | kIp4Saddrsel | kIp6Saddrsel;
  if ((set_flags_ & kVnet) != 0) {
    prison.flags |= kVnet;
  } else {
    for (Family family : kFamilies) {
      if (!changes(user_flag(family))) {
        // Not a word about addresses: none at all.
        prison.flags |= user_flag(family) | restricted_flag(family);
      } else if ((set_flags_ & user_flag(family)) == 0) {
        prison.flags |= parent_->flags & restricted_flag(family);
        prison.list(family).assign(parent_->list(family).bytes());
      }
    }
  }
  prison.securelevel = parent_->securelevel;
  prison.allow = world_.new_jail_permissions() & parent_->allow;
  prison.enforce_statfs = world_.tunables.default_enforce_statfs;
  prison.devfs_ruleset = parent_->devfs_ruleset;
  prison.osreldate = osreldate_ != 0 ? osreldate_ : parent_->osreldate;
  prison.osrelease = osrelease_ ? std::string(*osrelease_) : parent_->osrelease;
  return 0;
}

int JailSet::check_existing() {
  if (prison_->has(kVnet) && changes(kIp4User | kIp6User)) {
    options_.error("vnet jails cannot have IP address restrictions");
    return kEINVAL;
  }
  for (Family family : kFamilies) {
    if ((user_flag(family) & changed_flags_ & (set_flags_ ^ prison_->flags)) == 0) continue;
    options_.error("%s cannot be changed after creation", family == Family::kIp4 ? "ip4" : "ip6");
    return kEINVAL;
  }
  return 0;
}

int JailSet::check_limits() {
  if (securelevel_ && *securelevel_ < parent_->securelevel) return kEPERM;
  if (child_max_ && *child_max_ >= parent_->child_max) return kEPERM;
  if (enforce_statfs_ && *enforce_statfs_ < parent_->enforce_statfs) return kEPERM;
  if (devfs_ruleset_) {
    if (*devfs_ruleset_ < 0 || *devfs_ruleset_ > kMaxRuleset) return kEINVAL;
    if (caller_.prison != &prisons_.host()) {
      // From inside a jail there is no choice.
      if (*devfs_ruleset_ > 0 && *devfs_ruleset_ != parent_->devfs_ruleset) return kEPERM;
      devfs_ruleset_ = parent_->devfs_ruleset;
    }
  }
  return 0;
}

int JailSet::check_addresses() {
  for (Family family : kFamilies) {
    const Addresses& wanted = addresses_[static_cast<int>(family)];
    if (wanted.empty()) continue;
    if (parent_->has(restricted_flag(family)) && !parent_->list(family).covers(wanted)) return kEPERM;
    if (!free_of_clashes(*parent_, *prison_, wanted, family)) {
      options_.error("%s addresses clash", family == Family::kIp4 ? "IPv4" : "IPv6");
      return kEADDRINUSE;
    }
  }
  return 0;
}

int JailSet::check_name() {
  if (!component_) return 0;
  const std::string_view last = *component_;
  if (last.empty()) {
    revived_name_ = std::to_string(jid_);
    component_ = revived_name_;
  } else {
    std::string_view rest;
    const unsigned long number = parse_number(last, rest);
    const bool canonical = number == static_cast<unsigned long>(jid_) && last[0] >= '1' && last[0] <= '9';
    if (!canonical && rest.empty()) {
      options_.error("name cannot be numeric (unless it is the jid)");
      return kEINVAL;
    }
  }
  const std::size_t prefix = parent_ == &prisons_.host() ? 0 : parent_->name.size() + 1;
  if (prefix + component_->size() + 1 > kMaxHostName) return kENAMETOOLONG;
  const std::size_t before = prison_->name_from(prefix).size();
  bool fits = true;
  for_each_below(*prison_, [&](const Prison& below) {
    if (below.name.size() + component_->size() >= kMaxHostName + before) fits = false;
    return fits;
  });
  return fits ? 0 : kENAMETOOLONG;
}

int JailSet::check_unknown() {
  mark_metadata();
  if (int error = check_sysv()) return error;
  for (const Option& option : options_.all()) {
    if (option.seen || option.name == "errmsg") continue;
    options_.error("unknown parameter: %s", std::string(option.name).c_str());
    return kEINVAL;
  }
  return 0;
}

void JailSet::apply() {
  maybe_changed_ = true;
  world_.dirty = true;
  Prison& prison = *prison_;
  for (Family family : kFamilies) apply_addresses(family);
  apply_limits();
  if (component_) prisons_.rename(prison, *parent_, *component_);
  apply_host();
  apply_permissions();
  reborn_ = !prison.alive();
  if ((changed_flags_ & kPersist & (set_flags_ ^ prison.flags)) != 0) {
    if ((set_flags_ & kPersist) != 0) {
      prisons_.hold(prison, true);
    } else {
      loses_user_ = true;
      --prison.references;
    }
  }
  prison.flags = (prison.flags & ~changed_flags_) | set_flags_;
}

void JailSet::apply_addresses(Family family) {
  if ((set_flags_ & user_flag(family)) == 0) return;
  prison_->flags |= restricted_flag(family);
  prison_->list(family) = addresses_[static_cast<int>(family)];
  const bool one_pass = world_.release().number >= 1400;
  for_each_below(*prison_, [&](Prison& below) {
    if (below.has(kVnet)) return false;
    const Addresses& parents = below.parent->list(family);
    Addresses& list = below.list(family);
    if (parents.empty()) {
      list.clear();
    } else if (!below.has(user_flag(family))) {
      list.assign(parents.bytes());
    } else {
      list.restrict_to(parents, one_pass);
    }
    return true;
  });
}

void JailSet::apply_limits() {
  Prison& prison = *prison_;
  if (securelevel_) prison.securelevel = *securelevel_;
  if (child_max_) prison.child_max = *child_max_;
  if (enforce_statfs_) prison.enforce_statfs = *enforce_statfs_;
  if (devfs_ruleset_) prison.devfs_ruleset = *devfs_ruleset_;
  for_each_below(prison, [&](Prison& below) {
    if (securelevel_) below.securelevel = std::max(below.securelevel, *securelevel_);
    if (enforce_statfs_) below.enforce_statfs = std::max(below.enforce_statfs, *enforce_statfs_);
    if (devfs_ruleset_) below.devfs_ruleset = *devfs_ruleset_;
    if (child_max_) {
      std::int64_t level = 0;
      for (const Prison* at = &below; at != &prison; at = at->parent) ++level;
      const std::int64_t left = *child_max_ - level;
      if (below.child_max > left) below.child_max = static_cast<int>(std::max<std::int64_t>(left, 0));
    }
    return true;
  });
}

void JailSet::apply_host() {
  Prison& prison = *prison_;
  if ((kHost & changed_flags_ & ~set_flags_) != 0) {
    if (prison.has(kHost)) {
      const Prison& from = *prison.parent;
      prison.hostname = from.hostname;
      prison.domainname = from.domainname;
      prison.hostuuid = from.hostuuid;
      prison.hostid = from.hostid;
    }
    return;
  }
  if (!hostname_ && !domainname_ && !hostuuid_ && !hostid_) return;
  const auto set = [&](Prison& at) {
    if (hostname_) at.hostname = *hostname_;
    if (domainname_) at.domainname = *domainname_;
    if (hostuuid_) at.hostuuid = *hostuuid_;
    if (hostid_) at.hostid = *hostid_;
  };
  set(prison);
  for_each_below(prison, [&](Prison& below) {
    if (below.has(kHost)) return false;
    set(below);
    return true;
  });
}

void JailSet::apply_permissions() {
  prison_->allow = (prison_->allow & ~changed_allow_) | set_allow_;
  const std::uint64_t taken = changed_allow_ & ~set_allow_;
  if (taken == 0) return;
  for_each_below(*prison_, [&](Prison& below) {
    below.allow &= ~taken;
    return true;
  });
}

int JailSet::finish() {
  Prison& prison = *prison_;
  if (int error = apply_metadata()) return error;
  apply_sysv();
  if (created_) world_.note(*parent_, kNoteChild, prison.jid);
  if (created_ || reborn_) prison.state = State::kAlive;
  if (given(kJailAttach)) world_.attach(caller_, prison);
  if (descriptor_out_ >= 0) world_.bind_descriptor(caller_, descriptor_out_, prison);
  return 0;
}

int JailSet::let_go(int error) {
  // Watchers hear of a call that failed late, since it may have changed something. A jail that could not be finished
  // goes with its last reference; one that was to persist has another, and stays behind as if it were dying.
  if (maybe_changed_ && !created_) world_.note(*prison_, kNoteSet);
  if (error != 0 && descriptor_out_ >= 0) {
    world_.close(caller_, descriptor_out_);
    descriptor_out_ = -1;
  }
  jid_ = prison_->jid;
  prisons_.drop(*prison_, loses_user_);
  prison_ = nullptr;
  return error;
}

}  // namespace bsdjail::simulated

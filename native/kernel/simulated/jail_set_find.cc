#include "../errno.h"
#include "jail_set.h"

namespace bsdjail::simulated {

int JailSet::find() {
  if (only_create() && jid_ == 0 && name_) {
    // A new jail named by a number asks for that jid.
    const std::size_t dot = name_->rfind('.');
    std::string_view rest;
    jid_ = static_cast<int>(parse_number(dot == std::string_view::npos ? *name_ : name_->substr(dot + 1), rest));
    if (!rest.empty()) jid_ = 0;
  }
  parent_ = mine_;
  if (!parent_->alive()) return kEAGAIN;
  int error = 0;
  if (given(kJailUseDesc)) {
    error = find_by_descriptor();
  } else if (jid_ != 0) {
    error = world_.release().resurrects() ? find_by_jid_or_revive() : find_by_jid();
  }
  if (error != 0) return error;
  if (name_) {
    error = find_by_name();
  } else if (only_update() && prison_ == nullptr) {
    options_.error("update specified no jail");
    error = kENOENT;
  }
  return error;
}

int JailSet::find_by_descriptor() {
  std::shared_ptr<Descriptor> from;
  const int error = world_.find_descriptor(caller_, descriptor_in_, from);
  if (error != 0) {
    options_.error("%s", error == kENOENT ? "descriptor to dead jail" : "not a jail descriptor");
    return error;
  }
  // A descriptor carries the privilege of whoever opened it.
  if (!world_.privileged(*from)) return kEPERM;
  prison_ = from->prison;
  if (only_create()) {
    options_.error("jail %d already exists", prison_->jid);
    return kEEXIST;
  }
  if (!prison_->alive()) {
    options_.error("jail %d is dying", prison_->jid);
    return kENOENT;
  }
  if (jid_ != 0 && jid_ != prison_->jid) {
    options_.error("cannot change jid");
    return kEINVAL;
  }
  jid_ = prison_->jid;
  return 0;
}

int JailSet::find_by_jid() {
  if (jid_ < 0) {
    options_.error("negative jid");
    return kEINVAL;
  }
  Prison* found = prisons_.at(jid_);
  if (found != nullptr && !found->alive()) {
    in_the_way_ = found;
    found = nullptr;
  }
  if (only_create() && found != nullptr) {
    // Also for a creator that cannot see that jail.
    options_.error("jail %d already exists", jid_);
    return kEEXIST;
  }
  if (found == nullptr ? only_update() : !found->below(*mine_)) {
    options_.error("jail %d not found", jid_);
    return kENOENT;
  }
  // The limits that count stay those of the caller's own jail, even where the one found lies deeper.
  prison_ = found;
  return 0;
}

int JailSet::find_by_jid_or_revive() {
  if (jid_ < 0) {
    options_.error("negative jid");
    return kEINVAL;
  }
  Prison* found = prisons_.at(jid_);
  if (found == nullptr) {
    if (!only_update()) return 0;
    options_.error("jail %d not found", jid_);
    return kENOENT;
  }
  if (only_create()) {
    options_.error("jail %d already exists", jid_);
    return kEEXIST;
  }
  if (!found->below(*mine_)) {
    options_.error("jail %d not found", jid_);
    return kENOENT;
  }
  parent_ = found->parent;
  const Prison* dead = !parent_->alive() ? parent_ : !found->alive() && !given(kJailDying) ? found : nullptr;
  if (dead != nullptr) {
    options_.error("jail %d is dying", dead->jid);
    return kENOENT;
  }
  if (!found->alive() && (given(kJailAttach) || (set_flags_ & kPersist) != 0) && !name_) {
    // It comes back to life, unless another jail has taken its name meanwhile: so set the name again.
    revived_name_ = seen_name(*mine_, *found, prisons_.host());
    name_ = revived_name_;
  }
  prison_ = found;
  return 0;
}

int JailSet::find_by_name() {
  const std::string_view name = *name_;
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) {
    component_ = name;
  } else {
    const std::string_view ancestors = name.substr(0, dot);
    if (prison_ != nullptr) {
      if (ancestors != parent_->name) {
        options_.error("cannot change jail's parent");
        return kEINVAL;
      }
    } else {
      parent_ = prisons_.find_name(*mine_, ancestors);
      if (parent_ == nullptr) {
        options_.error("jail \"%s\" not found", std::string(ancestors).c_str());
        return kENOENT;
      }
      if (!parent_->alive()) {
        options_.error("jail \"%s\" is dying", std::string(ancestors).c_str());
        return kENOENT;
      }
    }
    component_ = name.substr(dot + 1);
  }
  return component_->empty() ? 0 : find_sibling(name);
}

int JailSet::find_sibling(std::string_view shown) {
  Prison* living = prisons_.living_child(*parent_, *component_, prison_);
  if (living != nullptr) {
    if (only_create() || prison_ != nullptr) {
      options_.error("jail \"%s\" already exists", std::string(shown).c_str());
      return kEEXIST;
    }
    prison_ = living;
    return 0;
  }
  if (!world_.release().resurrects()) {
    if (prison_ == nullptr ? only_update() : !prison_->alive()) {
      options_.error("jail \"%s\" not found", std::string(shown).c_str());
      return kENOENT;
    }
    return 0;
  }
  if (prison_ != nullptr || only_create()) return 0;
  Prison* dead = prisons_.dead_child(*parent_, *component_);
  if (dead != nullptr && given(kJailDying)) {
    prison_ = dead;
  } else if (only_update()) {
    options_.error(dead != nullptr ? "jail \"%s\" is dying" : "jail \"%s\" not found", std::string(shown).c_str());
    return kENOENT;
  }
  return 0;
}

int JailSet::make_room() {
  for (const Prison* at = mine_; at != nullptr; at = at->parent) {
    if (at->child_count < at->child_max) continue;
    options_.error("prison limit exceeded");
    return kEPERM;
  }
  const bool renumbered = in_the_way_ == nullptr || prisons_.renumber(*in_the_way_);
  if (in_the_way_ != nullptr) world_.dirty = true;
  if (renumbered && jid_ == 0) {
    jid_ = prisons_.new_jid();
    world_.dirty = true;
  }
  if (renumbered && jid_ != 0) return 0;
  options_.error("no available jail IDs");
  return kEAGAIN;
}

}  // namespace bsdjail::simulated

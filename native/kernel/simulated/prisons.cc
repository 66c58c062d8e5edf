#include "prisons.h"

#include <algorithm>

namespace bsdjail::simulated {

Prisons::Prisons() {
  host_.write_name(0, "0");
  host_.state = State::kAlive;
  host_.references = 1;
  host_.users = 1;
  host_.flags = kHost | kVnet | kIp4Saddrsel | kIp6Saddrsel;
  host_.child_max = kJidMax;
  host_.securelevel = -1;
  host_.path = "/";
  host_.root = "/";
  host_.cpuset = 1;
  for (auto& root : host_.sysv) root = &host_;
}

Prison* Prisons::at(int jid) const {
  const auto found = all_.find(jid);
  return found == all_.end() ? nullptr : found->second.get();
}

Prison* Prisons::by_serial(std::uint64_t serial) {
  if (serial == 0) return &host_;
  for (const auto& [jid, prison] : all_) {
    if (prison->serial == serial) return prison.get();
  }
  return nullptr;
}

Prison* Prisons::find_below(const Prison& mine, int jid) const {
  Prison* prison = at(jid);
  return prison != nullptr && prison->below(mine) ? prison : nullptr;
}

Prison* Prisons::find_name(const Prison& mine, std::string_view name) const {
  Prison* dead = nullptr;
  if (&mine == &host_) {
    // The host's view is the full name, which is indexed.
    const auto found = names_.find(std::string(name));
    if (found == names_.end()) return nullptr;
    if (found->second.size() == 1) return found->second.front();
  }
  const std::size_t skip = &mine == &host_ ? 0 : mine.name.size() + 1;
  Prison* living = nullptr;
  for_each_below(mine, [&](Prison& prison) {
    if (living != nullptr) return false;
    if (prison.name_from(skip) == name) {
      if (prison.alive()) {
        living = &prison;
        return false;
      }
      dead = &prison;
    }
    return true;
  });
  return living != nullptr ? living : dead;
}

Prison* Prisons::living_child(const Prison& parent, std::string_view name, const Prison* but) const {
  if (&parent == &host_) {
    const auto found = names_.find(std::string(name));
    if (found == names_.end()) return nullptr;
    for (Prison* prison : found->second) {
      if (prison != but && prison->alive() && prison->parent == &host_) return prison;
    }
    return nullptr;
  }
  const std::size_t skip = parent.name.size() + 1;
  for (std::size_t i = parent.children.size(); i-- > 0;) {
    Prison* child = parent.children[i];
    if (child != but && child->alive() && child->name_from(skip) == name) return child;
  }
  return nullptr;
}

Prison* Prisons::dead_child(const Prison& parent, std::string_view name) const {
  const std::size_t skip = &parent == &host_ ? 0 : parent.name.size() + 1;
  for (Prison* child : parent.children) {
    if (!child->alive() && child->name_from(skip) == name) return child;
  }
  return nullptr;
}

Prison* Prisons::next(const Prison& mine, int after, bool dying) const {
  for (auto at = all_.upper_bound(after); at != all_.end(); ++at) {
    Prison* prison = at->second.get();
    if ((dying || prison->alive()) && prison->below(mine)) return prison;
  }
  return nullptr;
}

int Prisons::new_jid() {
  int jid = last_jid % kJidMax + 1;
  if (!all_.empty() && all_.rbegin()->first >= jid) {
    // Up to the end of the range, then once more from its start up to where this began.
    int end = kJidMax;
    bool wrapped = false;
    while (all_.count(jid) != 0) {
      if (++jid <= end) continue;
      if (wrapped || last_jid == end || last_jid == 0) return 0;
      wrapped = true;
      jid = 1;
      end = last_jid;
    }
  }
  last_jid = jid;
  return jid;
}

bool Prisons::renumber(Prison& dying) {
  int jid = last_dead_jid != 0 ? last_dead_jid - 1 : kJidMax;
  int end = 1;
  bool wrapped = false;
  while (jid < end || all_.count(jid) != 0) {
    if (--jid >= end) continue;
    if (wrapped || last_dead_jid == end || last_dead_jid == 0) return false;
    wrapped = true;
    jid = kJidMax;
    end = last_dead_jid;
  }
  last_dead_jid = jid;
  auto node = all_.extract(dying.jid);
  node.key() = jid;
  dying.jid = jid;
  all_.insert(std::move(node));
  return true;
}

Prison& Prisons::create(int jid, Prison& parent) {
  auto owned = std::make_unique<Prison>();
  Prison& prison = *owned;
  prison.serial = next_serial++;
  prison.jid = jid;
  prison.parent = &parent;
  prison.references = 1;
  prison.cpuset = next_cpuset;
  take_cpuset(prison.cpuset);
  hold(parent, true);
  parent.children.push_back(&prison);
  for (Prison* at = &parent; at != nullptr; at = at->parent) ++at->child_count;
  all_.emplace(jid, std::move(owned));
  return prison;
}

void Prisons::take_cpuset(int id) {
  cpusets_.insert(id);
  while (cpusets_.count(next_cpuset) != 0) ++next_cpuset;
}

Prison* Prisons::restore(std::unique_ptr<Prison> prison) {
  Prison* placed = prison.get();
  if (!all_.emplace(placed->jid, std::move(prison)).second) return nullptr;
  placed->parent->children.push_back(placed);
  take_cpuset(placed->cpuset);
  index_name(*placed);
  return placed;
}

void Prisons::index_name(Prison& prison) { names_[prison.name].push_back(&prison); }

void Prisons::forget_name(Prison& prison) {
  const auto found = names_.find(prison.name);
  if (found == names_.end()) return;
  auto& list = found->second;
  list.erase(std::remove(list.begin(), list.end(), &prison), list.end());
  if (list.empty()) names_.erase(found);
}

void Prisons::rename(Prison& prison, const Prison& parent, std::string_view component) {
  const bool top = &parent == &host_;
  const std::size_t old_length = prison.name_from(top ? 0 : parent.name.size() + 1).size();
  forget_name(prison);
  prison.write_name(0, top ? std::string(component) : parent.name + "." + std::string(component));
  index_name(prison);
  // The kernel moves the rest of each name below by the lengths of the component, but does so at the very front
  // of the full name. Below a nested jail that is the wrong place, and names come out mangled when the length changes.
  for_each_below(prison, [&](Prison& below) {
    forget_name(below);
    below.write_name(component.size(), std::string(below.name_from(old_length)));
    // All of this name is ahead of the NUL that was just written.
    const std::string front = prison.name.substr(0, component.size());
    const std::string rest(below.name_from(component.size()));
    below.write_name(0, front + rest);
    index_name(below);
    return true;
  });
}

void Prisons::hold(Prison& prison, bool user) {
  ++prison.references;
  if (user) ++prison.users;
}

void Prisons::drop(Prison& prison, bool user, bool reference) {
  Prison* at = &prison;
  for (;;) {
    if (user && --at->users == 0 && at->alive()) {
      at->state = State::kDying;
      if (on_dying) on_dying(*at);
    }
    if (!reference || --at->references > 0) return;
    Prison* parent = at->parent;
    unlink(*at);
    at = parent;
    user = reference = true;
  }
}

bool Prisons::kill(Prison& prison) {
  if (!prison.alive()) return false;
  ++prison.users;
  prison.state = State::kDying;
  kill_below(prison);
  if (on_dying) on_dying(prison);
  if (prison.has(kPersist)) {
    prison.flags &= ~static_cast<std::uint32_t>(kPersist);
    --prison.users;
    --prison.references;
  }
  --prison.users;
  return true;
}

void Prisons::kill_below(Prison& prison) {
  // Parents are marked on the way down and let go on the way up; what is dying already is left as it is.
  const std::vector<Prison*> children(prison.children.rbegin(), prison.children.rend());
  for (Prison* child : children) {
    if (!child->alive()) continue;
    hold(*child, true);
    child->state = State::kDying;
    kill_below(*child);
    if (on_dying) on_dying(*child);
    if (child->has(kPersist)) {
      child->flags &= ~static_cast<std::uint32_t>(kPersist);
      --child->users;
      --child->references;
    }
    --child->users;
    if (--child->references == 0) {
      Prison& parent = *child->parent;
      unlink(*child);
      --parent.users;
      --parent.references;
    }
  }
}

void Prisons::unlink(Prison& prison) {
  if (on_gone) on_gone(prison);
  prison.state = State::kInvalid;
  forget_name(prison);
  auto& siblings = prison.parent->children;
  siblings.erase(std::remove(siblings.begin(), siblings.end(), &prison), siblings.end());
  for (Prison* at = prison.parent; at != nullptr; at = at->parent) --at->child_count;
  cpusets_.erase(prison.cpuset);
  next_cpuset = std::min(next_cpuset, prison.cpuset);
  all_.erase(prison.jid);
}

}  // namespace bsdjail::simulated

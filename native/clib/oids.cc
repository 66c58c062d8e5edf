#include "oids.h"

#include <sys/sysctl.h>

#include <algorithm>

namespace bsdjail::clib {
namespace {

struct Fixed {
  std::string_view name;
  int number;
};

constexpr Fixed kFixed[] = {
    {"kern", CTL_KERN},
    {"security", CTL_SECURITY},
    {"kern.ostype", KERN_OSTYPE},
    {"kern.osrelease", KERN_OSRELEASE},
    {"kern.securelevel", KERN_SECURELVL},
    {"kern.hostname", KERN_HOSTNAME},
    {"kern.hostid", KERN_HOSTID},
    {"kern.domainname", KERN_NISDOMAINNAME},
    {"kern.osreldate", KERN_OSRELDATE},
    {"kern.hostuuid", KERN_HOSTUUID},
};

int fixed_number(std::string_view name) {
  for (const Fixed& fixed : kFixed) {
    if (fixed.name == name) return fixed.number;
  }
  return -1;
}

}  // namespace

Oids::Oids(const std::vector<SysctlNode>& leaves) {
  Branch root;
  for (const SysctlNode& leaf : leaves) grow(root, leaf);
  for (Branch& branch : root.children) {
    number(branch);
    enter(branch, {});
  }
}

void Oids::grow(Branch& root, const SysctlNode& leaf) {
  Branch* at = &root;
  for (std::size_t from = 0; from <= leaf.name.size();) {
    const std::size_t end = std::min(leaf.name.find('.', from), leaf.name.size());
    const std::string component = leaf.name.substr(from, end - from);
    auto child = std::find_if(at->children.begin(), at->children.end(),
                              [&](const Branch& known) { return known.component == component; });
    if (child == at->children.end()) {
      at->children.push_back({component, leaf.name.substr(0, end), 0, nullptr, {}});
      child = at->children.end() - 1;
    }
    at = &*child;
    from = end + 1;
  }
  at->leaf = &leaf;
}

void Oids::number(Branch& branch) {
  // Numbers grow in the kernel's order of leaves. A node is numbered after what it holds, so that a leaf with an
  // empty name can follow both: libjail looks for it at the number after the node's.
  Branch* unnamed = nullptr;
  for (Branch& child : branch.children) {
    if (child.component.empty()) {
      unnamed = &child;
    } else {
      number(child);
    }
  }
  const int fixed = fixed_number(branch.name);
  branch.number = fixed >= 0 ? fixed : next_number_++;
  if (unnamed != nullptr) unnamed->number = next_number_++;
}

void Oids::enter(const Branch& branch, const Oid& above) {
  Oid oid = above;
  oid.push_back(branch.number);
  if (!branch.component.empty()) names_[branch.name] = oid;
  nodes_[oid] = branch.leaf != nullptr
                    ? *branch.leaf
                    : SysctlNode{branch.name, CTLFLAG_RW | CTLFLAG_MPSAFE | CTLTYPE_NODE, "N", ""};
  for (const Branch& child : branch.children) enter(child, oid);
}

const SysctlNode* Oids::find(const Oid& oid) const {
  const auto found = nodes_.find(oid);
  return found == nodes_.end() ? nullptr : &found->second;
}

const Oid* Oids::find(std::string_view name) const {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

const Oid* Oids::next(const Oid& after) const {
  for (auto at = nodes_.upper_bound(after); at != nodes_.end(); ++at) {
    if ((at->second.kind & CTLTYPE) != CTLTYPE_NODE) return &at->first;
  }
  return nullptr;
}

}  // namespace bsdjail::clib

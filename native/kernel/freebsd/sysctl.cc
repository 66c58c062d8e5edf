// The sysctl tree's own nodes, which tell of all others: names, successors, formats, descriptions.
#include <sys/types.h>
#include <sys/sysctl.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "freebsd_kernel.h"

namespace bsdjail {
namespace {

// Second level of the node {0, …}, as sysctl(8) uses them.
enum Question : int { kName = 1, kNext = 2, kNameToOid = 3, kFormat = 4, kDescription = 5 };

struct Oid {
  int id[CTL_MAXNAME];
  std::size_t len = 0;
};

bool ask(Question question, const Oid& oid, void* answer, std::size_t* len) {
  int mib[CTL_MAXNAME + 2] = {0, question};
  std::memcpy(mib + 2, oid.id, oid.len * sizeof(int));
  return ::sysctl(mib, static_cast<unsigned>(oid.len + 2), answer, len, nullptr, 0) == 0;
}

bool name_of(const Oid& oid, std::string& name) {
  char text[1024];
  std::size_t len = sizeof text;
  if (!ask(kName, oid, text, &len)) return false;
  name.assign(text, strnlen(text, len));
  return true;
}

// The one after it, as long as that is below `root`.
bool next_below(const Oid& root, const Oid& oid, Oid& next) {
  std::size_t len = sizeof next.id;
  if (!ask(kNext, oid, next.id, &len)) return false;
  next.len = len / sizeof(int);
  if (next.len >= root.len && std::memcmp(next.id, root.id, root.len * sizeof(int)) == 0) return true;
  errno = ENOENT;
  return false;
}

bool ends_in_dot(std::string_view name) { return !name.empty() && name.back() == '.'; }

bool find(std::string_view name, Oid& oid) {
  const bool dot = ends_in_dot(name);
  const std::string_view known = dot ? name.substr(0, name.size() - 1) : name;
  int mib[2] = {0, kNameToOid};
  std::size_t len = sizeof oid.id;
  if (::sysctl(mib, 2, oid.id, &len, known.data(), known.size()) != 0) return false;
  oid.len = len / sizeof(int);
  if (!dot) return true;
  // A node's own value, "security.jail.param.ip4.": the kernel's search would find the node.
  const Oid root = oid;
  std::string found;
  for (Oid next; next_below(root, oid, next); oid = next) {
    if (name_of(next, found) && found == name) {
      oid = next;
      return true;
    }
  }
  return false;
}

bool describe(const Oid& oid, SysctlNode& node) {
  char text[1024];
  std::size_t len = sizeof text;
  if (!ask(kFormat, oid, text, &len) || len < sizeof node.kind) return false;
  std::memcpy(&node.kind, text, sizeof node.kind);
  node.format.assign(text + sizeof node.kind, strnlen(text + sizeof node.kind, len - sizeof node.kind));
  char description[2048];
  len = sizeof description;
  // A kernel can be built without descriptions.
  node.description = ask(kDescription, oid, description, &len) ? std::string(description, strnlen(description, len)) : "";
  return true;
}

bool is_node(const SysctlNode& node) { return (node.kind & CTLTYPE) == CTLTYPE_NODE; }

}  // namespace

Outcome freebsd_sysctl(std::string_view name, void* old, std::size_t* old_len, const void* value,
                       std::size_t value_len) {
  int result;
  if (Oid oid; !ends_in_dot(name)) {
    result = ::sysctlbyname(std::string(name).c_str(), old, old_len, value, value_len);
  } else {
    result = find(name, oid) ? ::sysctl(oid.id, static_cast<unsigned>(oid.len), old, old_len, value, value_len) : -1;
  }
  return result == 0 ? Outcome::ok() : Outcome::fail(errno);
}

Outcome freebsd_sysctl_describe(std::string_view name, SysctlNode& node) {
  Oid oid;
  if (!find(name, oid) || !describe(oid, node)) return Outcome::fail(errno);
  node.name = name;
  return Outcome::ok();
}

Outcome freebsd_sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) {
  Oid root;
  if (!find(prefix, root)) return Outcome::fail(errno);
  Oid next;
  for (Oid oid = root; next_below(root, oid, next); oid = next) {
    SysctlNode node;
    if (name_of(next, node.name) && describe(next, node) && !is_node(node)) nodes.push_back(std::move(node));
  }
  return errno == ENOENT ? Outcome::ok() : Outcome::fail(errno);
}

}  // namespace bsdjail

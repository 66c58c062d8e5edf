// The sysctl tree's own nodes, which tell of all others: names, successors, formats, descriptions.
#include <sys/types.h>
#include <sys/sysctl.h>

#include <cerrno>
#include <cstring>

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

bool find(std::string_view name, Oid& oid) {
  int mib[2] = {0, kNameToOid};
  std::size_t len = sizeof oid.id;
  if (::sysctl(mib, 2, oid.id, &len, name.data(), name.size()) != 0) return false;
  oid.len = len / sizeof(int);
  return true;
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

Outcome freebsd_sysctl_describe(std::string_view name, SysctlNode& node) {
  Oid oid;
  if (!find(name, oid) || !describe(oid, node)) return Outcome::fail(errno);
  node.name = name;
  return Outcome::ok();
}

Outcome freebsd_sysctl_walk(std::string_view prefix, std::vector<SysctlNode>& nodes) {
  Oid root;
  if (!find(prefix, root)) return Outcome::fail(errno);
  for (Oid oid = root;;) {
    Oid next;
    std::size_t len = sizeof next.id;
    if (!ask(kNext, oid, next.id, &len)) {
      if (errno == ENOENT) return Outcome::ok();
      return Outcome::fail(errno);
    }
    next.len = len / sizeof(int);
    if (next.len < root.len || std::memcmp(next.id, root.id, root.len * sizeof(int)) != 0) return Outcome::ok();
    char name[1024];
    len = sizeof name;
    SysctlNode node;
    if (ask(kName, next, name, &len) && describe(next, node) && !is_node(node)) {
      node.name.assign(name, strnlen(name, len));
      nodes.push_back(std::move(node));
    }
    oid = next;
  }
}

}  // namespace bsdjail

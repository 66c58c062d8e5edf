// sysctl(3) under its C names, with the questions about the tree that libraries and sysctl(8) ask.
#include <sys/sysctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../kernel/errno.h"
#include "oids.h"
#include "process.h"

namespace {

using bsdjail::Outcome;
using bsdjail::SimulatedKernel;
using bsdjail::SysctlNode;
using bsdjail::clib::answer;
using bsdjail::clib::kernel;
using bsdjail::clib::Oid;
using bsdjail::clib::Oids;

const Oids& oids(SimulatedKernel& self) {
  static const Oids kOids([&self] {
    std::vector<bsdjail::SysctlNode> leaves;
    self.sysctl_walk("", leaves);
    return leaves;
  }());
  return kOids;
}

std::string as_bytes(const Oid& oid) {
  return {reinterpret_cast<const char*>(oid.data()), oid.size() * sizeof(int)};
}

// Hands over what fits, as the kernel does.
Outcome hand_over(const std::string& value, void* old, std::size_t* old_length) {
  if (old_length == nullptr) return Outcome::ok();
  const bool cut = old != nullptr && *old_length < value.size();
  const std::size_t length = cut ? *old_length : value.size();
  if (old != nullptr && length > 0) std::memcpy(old, value.data(), length);
  *old_length = length;
  return cut ? Outcome::fail(bsdjail::kENOMEM) : Outcome::ok();
}

// A name that a caller passes as bytes, with its NUL or without.
std::string text_of(const void* bytes, std::size_t length) {
  std::string text(static_cast<const char*>(bytes), length);
  return text.substr(0, text.find('\0'));
}

Outcome ask(SimulatedKernel& self, int question, const Oid& about, void* old, std::size_t* old_length,
            const void* value, std::size_t value_length) {
  const Oids& tree = oids(self);
  if (question == CTL_SYSCTL_NAME2OID) {
    if (value == nullptr || value_length == 0 || value_length > 1024) return Outcome::fail(bsdjail::kENOENT);
    const Oid* found = tree.find(std::string_view(text_of(value, value_length)));
    return found == nullptr ? Outcome::fail(bsdjail::kENOENT) : hand_over(as_bytes(*found), old, old_length);
  }
  if (question == CTL_SYSCTL_NEXT || question == CTL_SYSCTL_NEXTNOSKIP) {
    const Oid* found = tree.next(about);
    return found == nullptr ? Outcome::fail(bsdjail::kENOENT) : hand_over(as_bytes(*found), old, old_length);
  }
  const SysctlNode* node = tree.find(about);
  if (node == nullptr) return Outcome::fail(bsdjail::kENOENT);
  switch (question) {
    case CTL_SYSCTL_NAME:
      return hand_over(node->name + '\0', old, old_length);
    case CTL_SYSCTL_OIDFMT: {
      std::string value_bytes(reinterpret_cast<const char*>(&node->kind), sizeof(node->kind));
      return hand_over(value_bytes + node->format + '\0', old, old_length);
    }
    case CTL_SYSCTL_OIDDESCR:
      return hand_over(node->description + '\0', old, old_length);
    default:
      return Outcome::fail(bsdjail::kENOENT);
  }
}

template <typename Call>
int run(Call&& call) {
  SimulatedKernel* self = kernel();
  return answer(self == nullptr ? Outcome::fail(bsdjail::kEIO) : call(*self));
}

}  // namespace

extern "C" {

int sysctl(const int* name, unsigned int namelen, void* oldp, std::size_t* oldlenp, const void* newp,
           std::size_t newlen) {
  return run([&](SimulatedKernel& self) {
    if (name == nullptr) return Outcome::fail(bsdjail::kEFAULT);
    if (namelen < 1 || namelen > CTL_MAXNAME) return Outcome::fail(bsdjail::kEINVAL);
    const Oid oid(name, name + namelen);
    if (oid[0] == CTL_SYSCTL) {
      if (namelen < 2) return Outcome::fail(bsdjail::kENOENT);
      return ask(self, oid[1], Oid(oid.begin() + 2, oid.end()), oldp, oldlenp, newp, newlen);
    }
    const SysctlNode* node = oids(self).find(oid);
    if (node == nullptr) return Outcome::fail(bsdjail::kENOENT);
    if ((node->kind & CTLTYPE) == CTLTYPE_NODE) return Outcome::fail(bsdjail::kEISDIR);
    return self.sysctl(node->name, oldp, oldlenp, newp, newlen);
  });
}

int sysctlbyname(const char* name, void* oldp, std::size_t* oldlenp, const void* newp, std::size_t newlen) {
  return run([&](SimulatedKernel& self) {
    if (name == nullptr) return Outcome::fail(bsdjail::kEFAULT);
    const Oids& tree = oids(self);
    const Oid* oid = tree.find(std::string_view(name));
    const SysctlNode* node = oid == nullptr ? nullptr : tree.find(*oid);
    if (node == nullptr) return Outcome::fail(bsdjail::kENOENT);
    if ((node->kind & CTLTYPE) == CTLTYPE_NODE) return Outcome::fail(bsdjail::kEISDIR);
    return self.sysctl(node->name, oldp, oldlenp, newp, newlen);
  });
}

int sysctlnametomib(const char* name, int* mibp, std::size_t* sizep) {
  return run([&](SimulatedKernel& self) {
    if (name == nullptr || mibp == nullptr || sizep == nullptr) return Outcome::fail(bsdjail::kEFAULT);
    const Oid* oid = oids(self).find(std::string_view(name));
    if (oid == nullptr) return Outcome::fail(bsdjail::kENOENT);
    // The size counts numbers, not bytes.
    const std::size_t room = *sizep;
    *sizep = std::min(room, oid->size());
    std::copy_n(oid->begin(), *sizep, mibp);
    return room < oid->size() ? Outcome::fail(bsdjail::kENOMEM) : Outcome::ok();
  });
}

}  // extern "C"

// The numbers that sysctl(3) knows nodes by.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel/kernel.h"

namespace bsdjail::clib {

using Oid = std::vector<int>;

// Every leaf and every node above one, by its numbers and by its name.
class Oids {
 public:
  explicit Oids(const std::vector<SysctlNode>& leaves);

  const SysctlNode* find(const Oid& oid) const;
  // Null where there is none of that name. A dot at its end makes no difference, so a leaf with an empty last name
  // ("ip4.", the mode of ip4) cannot be asked for by name: it has the number after that of the node that it is in.
  const Oid* find(std::string_view name) const;
  // The first leaf after these numbers; null at the end.
  const Oid* next(const Oid& after) const;

 private:
  struct Branch {
    std::string component;
    std::string name;
    int number = 0;
    const SysctlNode* leaf = nullptr;
    std::vector<Branch> children;
  };
  static void grow(Branch& root, const SysctlNode& leaf);
  void number(Branch& branch);
  void enter(const Branch& branch, const Oid& above);

  std::map<Oid, SysctlNode> nodes_;
  std::map<std::string, Oid, std::less<>> names_;
  int next_number_ = 0x100;  // where the kernel begins to number what has no number of its own
};

}  // namespace bsdjail::clib

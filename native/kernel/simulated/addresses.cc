#include "addresses.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace bsdjail::simulated {
namespace {

// Network byte order compares as numbers do, byte by byte.
int compare(std::string_view a, std::string_view b) { return std::memcmp(a.data(), b.data(), a.size()); }

bool all_bytes(std::string_view address, char byte) {
  return std::all_of(address.begin(), address.end(), [byte](char c) { return c == byte; });
}

}  // namespace

bool Addresses::take(std::string_view bytes) {
  std::vector<std::string_view> list;
  for (std::size_t i = 0; i + size_ <= bytes.size(); i += size_) list.push_back(bytes.substr(i, size_));
  if (list.size() > 1) {
    std::sort(list.begin() + 1, list.end(), [](auto a, auto b) { return compare(a, b) < 0; });
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (all_bytes(list[i], '\0') || (size_ == 4 && all_bytes(list[i], '\xff'))) return false;
    if (i > 0 && (list[i] == list[0] || list[i] == list[i - 1])) return false;
  }
  bytes_.clear();
  for (std::string_view address : list) bytes_ += address;
  return true;
}

bool Addresses::contains(std::string_view address) const {
  for (std::size_t i = 0; i < count(); ++i) {
    if (at(i) == address) return true;
  }
  return false;
}

bool Addresses::covers(const Addresses& list) const {
  for (std::size_t i = 0; i < list.count(); ++i) {
    if (!contains(list.at(i))) return false;
  }
  return !empty();
}

void Addresses::restrict_to(const Addresses& parent, bool one_pass) {
  std::string kept;
  const bool keeps_primary = !empty() && parent.contains(at(0));
  if (keeps_primary || !one_pass) {
    for (std::size_t i = 0; i < count(); ++i) {
      if (parent.contains(at(i))) kept += at(i);
    }
  } else {
    std::size_t other = 1;  // the parent's sorted part
    for (std::size_t i = 0; i < count();) {
      const int order = other >= parent.count() ? -1 : compare(at(i), parent.at(other));
      if (!parent.empty() && at(i) == parent.at(0)) {
        kept += at(i++);
      } else if (order < 0) {
        ++i;
      } else {
        if (order == 0) kept += at(i++);
        ++other;
      }
    }
  }
  bytes_ = std::move(kept);
}

}  // namespace bsdjail::simulated

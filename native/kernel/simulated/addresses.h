// The address lists of jails: the first address is the primary one, the others are sorted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bsdjail::simulated {

enum class Family { kIp4 = 0, kIp6 = 1 };
inline constexpr Family kFamilies[] = {Family::kIp4, Family::kIp6};

inline constexpr std::size_t address_size(Family family) { return family == Family::kIp4 ? 4 : 16; }

// Addresses one after another, in network byte order. An empty list is the same as none.
class Addresses {
 public:
  explicit Addresses(Family family = Family::kIp4) : size_(address_size(family)) {}

  // Takes a caller's list, whose length is a multiple of the address size; false where the kernel refuses it:
  // an address twice, or one that no host can have.
  bool take(std::string_view bytes);
  // Takes bytes as they are: a copy of another list.
  void assign(std::string_view bytes) { bytes_ = bytes; }
  void clear() { bytes_.clear(); }

  std::size_t count() const { return bytes_.size() / size_; }
  bool empty() const { return bytes_.empty(); }
  const std::string& bytes() const { return bytes_; }
  std::string_view at(std::size_t index) const { return std::string_view(bytes_).substr(index * size_, size_); }

  bool contains(std::string_view address) const;
  // Whether a jail below one with this list may have that list.
  bool covers(const Addresses& list) const;
  // Drops what is not in the parent's list. From 14 on (`one_pass`), a list whose primary address is dropped loses with
  // it every other that sorts before it: the kernel walks both lists once, and the primary is out of order.
  void restrict_to(const Addresses& parent, bool one_pass);

 private:
  std::size_t size_;
  std::string bytes_;
};

}  // namespace bsdjail::simulated

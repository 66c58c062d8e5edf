#include "iovec_list.h"

#include <cstring>
#include <limits>

namespace bsdjail {

bool IovecList::unpack(const std::uint8_t* data, std::size_t size, const std::int32_t* lengths, std::size_t count) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (lengths[i] > 0) total += static_cast<std::uint64_t>(lengths[i]);
  }
  if (total != size) return false;
  bytes_.assign(data, data + size);
  // An entry of length 0 still has a base: NULL means something else to the kernel.
  bytes_.push_back(0);
  entries_.resize(count);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (lengths[i] < 0) {
      entries_[i] = {nullptr, static_cast<std::size_t>(-(static_cast<std::int64_t>(lengths[i]) + 1))};
    } else {
      entries_[i] = {bytes_.data() + at, static_cast<std::size_t>(lengths[i])};
      at += static_cast<std::size_t>(lengths[i]);
    }
  }
  return true;
}

std::int32_t IovecList::length(std::size_t i) const {
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(entries_[i].len < most ? entries_[i].len : most);
}

bool names(const IoVec& entry, const char* name) {
  const std::size_t len = std::strlen(name) + 1;
  return entry.base != nullptr && entry.len == len && std::memcmp(entry.base, name, len) == 0;
}

}  // namespace bsdjail

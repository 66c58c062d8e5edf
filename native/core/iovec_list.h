// The iovec list of one call: owns the bytes, so that nothing the kernel writes into can move or go away meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../kernel/kernel.h"

namespace bsdjail {

class IovecList {
 public:
  // The packed form of lib/binding.ts: `lengths[i] >= 0` takes that many of `data`'s bytes in order, `lengths[i] < 0`
  // is a NULL base of length `-lengths[i] - 1`. False where the lengths do not add up to `size`.
  bool unpack(const std::uint8_t* data, std::size_t size, const std::int32_t* lengths, std::size_t count);

  IoVec* entries() { return entries_.data(); }
  std::size_t count() const { return entries_.size(); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  // Entry `i`'s length now, as far as an int32 tells it.
  std::int32_t length(std::size_t i) const;

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<IoVec> entries_;
};

// Whether the name at `entry` is exactly `name`, NUL included.
bool names(const IoVec& entry, const char* name);

}  // namespace bsdjail

// Reading parameters of one jail or of all, with buffers that grow as the values do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../kernel/kernel.h"

namespace bsdjail {

struct Field {
  std::string name;
  std::size_t size = 0;  // bytes offered to the kernel
  bool grows = false;    // the value can be longer than `size`
  bool text = false;     // the value ends at its first NUL: a row carries what stands before it
};

// Which jail: exactly one of these is meant.
struct Key {
  enum class Kind { kJid, kName, kDescriptor } kind = Kind::kJid;
  int number = 0;
  std::string name;
};

struct Rows {
  Outcome outcome;
  std::string message;  // the kernel's errmsg
  std::size_t rows = 0;
  std::vector<std::int32_t> lengths;  // row by row
  std::vector<std::uint8_t> data;
};

// One row, or the kernel's error.
void read_jail(Kernel& kernel, const Key& key, const std::vector<Field>& fields, int flags, Rows& rows);

// A row for each jail by `lastjid`, in the kernel's order. Not a snapshot: jails may come and go meanwhile.
void list_jails(Kernel& kernel, const std::vector<Field>& fields, int flags, Rows& rows);

}  // namespace bsdjail

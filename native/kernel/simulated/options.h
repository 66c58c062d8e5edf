// The parameter list of one jail_set(2) or jail_get(2) call, as the kernel's mount option code keeps it: copied in
// whole, checked, without the earlier of two that mean the same.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../kernel.h"

namespace bsdjail::simulated {

struct Option {
  std::string_view name;   // without its NUL
  char* value = nullptr;   // null where the length given was 0
  int length = 0;
  int position = 0;        // of the pair in the caller's list
  bool seen = false;       // some rule has asked for it

  std::string_view bytes() const { return {value, static_cast<std::size_t>(length)}; }
  // The value as a C string; the caller has checked that it ends in NUL.
  std::string_view text() const { return std::string_view(value); }
  bool terminated() const { return length > 0 && value[length - 1] == '\0'; }
};

class Options {
 public:
  // What the kernel checks of a list before anything else, privilege included: 0, or the errno.
  static int precheck(const IoVec* iov, std::size_t count);
  // Takes a list that has passed: 0, or the errno with which the kernel refuses it.
  int build(const IoVec* iov, std::size_t count);

  std::vector<Option>& all() { return options_; }
  // Marks it as seen. Null where it was not given.
  Option* find(std::string_view name);
  bool flag(std::string_view name) { return find(name) != nullptr; }

  // The value of a parameter of fixed size: 0, ENOENT, or EINVAL for another size.
  int copy(std::string_view name, void* to, int size);

  // Answers of jail_get(2), into the list's own buffers: 0, or EINVAL where the value does not fit the buffer.
  static int put(Option& option, const void* value, int size);       // of exactly this size
  static int put_part(Option& option, const void* value, int size);  // at most the buffer
  static int put_text(Option& option, std::string_view value);

  // Writes the kernel's words into the caller's errmsg, where it gave one.
  void error(const char* format, ...) __attribute__((format(printf, 2, 3)));

  // What goes back to the caller: errmsg after a failure, everything else after a success of jail_get(2).
  void copy_out_error(IoVec* iov);
  void copy_out_values(IoVec* iov);

 private:
  void sanitize();

  std::vector<Option> options_;
  std::unique_ptr<char[]> bytes_;
};

// Whether two names are the same parameter, with or without "no" before a component: persist and nopersist,
// allow.mount and allow.nomount. "ro" and "rw" in all their spellings are one, since these rules are those of mounts.
bool same_option(std::string_view a, std::string_view b);

}  // namespace bsdjail::simulated

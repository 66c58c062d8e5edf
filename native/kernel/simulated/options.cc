#include "options.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "../errno.h"

namespace bsdjail::simulated {
namespace {

constexpr std::size_t kMaxIovecs = 1024;
constexpr std::size_t kMaxBytes = 64 * 1024;
// The kernel's bookkeeping for each pair counts towards the limit.
constexpr std::size_t kBookkeeping = 48;
constexpr std::size_t kMaxTransfer = static_cast<std::size_t>(-1) / 2;

bool is_no_of(std::string_view no, std::string_view plain) {
  return no.size() == plain.size() + 2 && no[0] == 'n' && no[1] == 'o' && no.substr(2) == plain;
}

bool is_ro_or_rw(std::string_view name) {
  return name == "ro" || name == "rdonly" || name == "norw" || name == "rw" || name == "noro";
}

}  // namespace

bool same_option(std::string_view a, std::string_view b) {
  if (a == b || is_no_of(a, b) || is_no_of(b, a)) return true;
  // Walk down the components that both share; the "no" may come before any later one.
  for (;;) {
    const std::size_t dot = a.find('.');
    if (dot == std::string_view::npos || a.substr(0, dot + 1) != b.substr(0, dot + 1)) break;
    a.remove_prefix(dot + 1);
    b.remove_prefix(dot + 1);
    if (is_no_of(a, b) || is_no_of(b, a)) return true;
  }
  return is_ro_or_rw(a) && is_ro_or_rw(b);
}

int Options::precheck(const IoVec* iov, std::size_t count) {
  if (count % 2 != 0 || count > kMaxIovecs) return kEINVAL;
  if (count > 0 && iov == nullptr) return kEFAULT;
  std::size_t transfer = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (iov[i].len > kMaxTransfer - transfer) return kEINVAL;
    transfer += iov[i].len;
  }
  return 0;
}

int Options::build(const IoVec* iov, std::size_t count) {
  if (int error = precheck(iov, count)) return error;
  std::size_t transfer = 0;
  for (std::size_t i = 0; i < count; ++i) transfer += iov[i].len;
  // One block for all copies; it never grows past the limit, whatever the lengths claim.
  bytes_.reset(new char[std::min(transfer, kMaxBytes) + 1]);
  options_.reserve(count / 2);
  std::size_t used = 0;
  char* next = bytes_.get();
  for (std::size_t i = 0; i < count; i += 2) {
    const IoVec& name = iov[i];
    const IoVec& value = iov[i + 1];
    if (name.len > kMaxBytes || value.len > kMaxBytes) return kEINVAL;
    used += kBookkeeping + name.len + value.len;
    if (used > kMaxBytes) return kEINVAL;
    if (name.len != 0 && name.base == nullptr) return kEFAULT;
    if (name.len == 0) return kEINVAL;
    std::memcpy(next, name.base, name.len);
    if (next[name.len - 1] != '\0') return kEINVAL;
    Option option;
    option.name = std::string_view(next);
    option.position = static_cast<int>(i / 2);
    next += name.len;
    if (value.len != 0) {
      if (value.base == nullptr) return kEFAULT;
      std::memcpy(next, value.base, value.len);
      option.value = next;
      option.length = static_cast<int>(value.len);
      next += value.len;
    }
    options_.push_back(option);
  }
  sanitize();
  return 0;
}

void Options::sanitize() {
  // From the end: each drops every earlier one that is the same parameter. Most pairs differ in a way that lengths
  // or last components show at once, which keeps this quick for the long lists of a full listing.
  std::vector<bool> mount_mode(options_.size());
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const std::string_view name = options_[i].name;
    const std::size_t dot = name.rfind('.');
    mount_mode[i] = is_ro_or_rw(dot == std::string_view::npos ? name : name.substr(dot + 1));
  }
  std::vector<bool> dropped(options_.size());
  bool any = false;
  for (std::size_t i = options_.size(); i-- > 1;) {
    if (dropped[i]) continue;
    const std::string_view name = options_[i].name;
    for (std::size_t j = i; j-- > 0;) {
      if (dropped[j]) continue;
      const std::string_view other = options_[j].name;
      const std::size_t longer = std::max(name.size(), other.size());
      const std::size_t shorter = std::min(name.size(), other.size());
      const bool same = longer == shorter       ? name == other || (mount_mode[i] && mount_mode[j] && same_option(name, other))
                        : longer - shorter == 2 ? same_option(name, other)
                                                : mount_mode[i] && mount_mode[j] && same_option(name, other);
      if (same) dropped[j] = any = true;
    }
  }
  if (!any) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < options_.size(); ++i) {
    if (!dropped[i]) options_[kept++] = options_[i];
  }
  options_.resize(kept);
}

Option* Options::find(std::string_view name) {
  for (Option& option : options_) {
    if (option.name == name) {
      option.seen = true;
      return &option;
    }
  }
  return nullptr;
}

int Options::copy(std::string_view name, void* to, int size) {
  const Option* option = find(name);
  if (option == nullptr) return kENOENT;
  if (option->length != size) return kEINVAL;
  std::memcpy(to, option->value, static_cast<std::size_t>(size));
  return 0;
}

int Options::put(Option& option, const void* value, int size) {
  if (option.value == nullptr) {
    option.length = size;
  } else {
    if (option.length != size) return kEINVAL;
    std::memcpy(option.value, value, static_cast<std::size_t>(size));
  }
  return 0;
}

int Options::put_part(Option& option, const void* value, int size) {
  if (option.value != nullptr) {
    if (option.length < size) return kEINVAL;
    if (size > 0) std::memcpy(option.value, value, static_cast<std::size_t>(size));
  }
  option.length = size;
  return 0;
}

int Options::put_text(Option& option, std::string_view value) {
  const std::size_t needed = value.size() + 1;
  if (option.value == nullptr) {
    option.length = static_cast<int>(needed);
    return 0;
  }
  if (needed > static_cast<std::size_t>(option.length)) return kEINVAL;
  std::memcpy(option.value, value.data(), value.size());
  option.value[value.size()] = '\0';
  return 0;
}

void Options::error(const char* format, ...) {
  Option* message = find("errmsg");
  if (message == nullptr || message->value == nullptr) return;
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message->value, static_cast<std::size_t>(message->length), format, arguments);
  va_end(arguments);
}

void Options::copy_out_error(IoVec* iov) {
  const Option* message = find("errmsg");
  if (message == nullptr || message->length <= 0 || message->value == nullptr) return;
  std::memcpy(iov[2 * message->position + 1].base, message->value, static_cast<std::size_t>(message->length));
}

void Options::copy_out_values(IoVec* iov) {
  for (const Option& option : options_) {
    if (option.name == "errmsg") continue;
    IoVec& value = iov[2 * option.position + 1];
    value.len = static_cast<std::size_t>(option.length);
    if (option.value != nullptr && option.length > 0) {
      std::memcpy(value.base, option.value, static_cast<std::size_t>(option.length));
    }
  }
}

}  // namespace bsdjail::simulated

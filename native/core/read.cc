#include "read.h"

#include <algorithm>
#include <cstring>

#include "../kernel/errno.h"

namespace bsdjail {
namespace {

constexpr std::size_t kErrmsgLength = 1024;
// libjail's measures: room for values that grow between asking for the size and reading, and when to give up.
constexpr std::size_t kSlack = 80;
constexpr int kTries = 8;

// The iovec list of a read: the key, the fields, errmsg. Buffers are kept from one jail to the next.
class Reader {
 public:
  Reader(Kernel& kernel, const Key& key, const char* key_name, const std::vector<Field>& fields, int flags)
      : kernel_(kernel), fields_(fields), flags_(flags), names_(fields.size()), values_(fields.size()) {
    key_name_ = key_name;
    key_value_.resize(key.kind == Key::Kind::kName ? key.name.size() + 1 : sizeof(int));
    if (key.kind == Key::Kind::kName) {
      std::memcpy(key_value_.data(), key.name.c_str(), key_value_.size());
    } else {
      std::memcpy(key_value_.data(), &key.number, sizeof(int));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      names_[i] = fields[i].name;
      // A NULL base would ask for the length alone, so every value has room to point at.
      values_[i].reserve(1);
      values_[i].resize(fields[i].grows ? std::max(fields[i].size, kSlack) : fields[i].size);
    }
    errmsg_.resize(kErrmsgLength);
    iov_.resize(2 * (fields.size() + 2));
  }

  void set_key(int number) { std::memcpy(key_value_.data(), &number, sizeof(int)); }

  // EINVAL without a text is how the kernel says that a buffer was too small; anything else is its answer.
  Outcome read() {
    Outcome outcome = call(false);
    for (int tries = 0; tries < kTries && too_small(outcome) && can_grow(); ++tries) {
      outcome = call(true);
      if (outcome.failed()) return outcome;
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        const std::size_t needed = iov_[2 * i + 3].len;
        if (fields_[i].grows && needed + kSlack > values_[i].size()) values_[i].resize(needed + kSlack);
      }
      outcome = call(false);
    }
    return outcome;
  }

  void append_row(Rows& rows) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      std::size_t len = std::min(iov_[2 * i + 3].len, values_[i].size());
      const std::uint8_t* value = values_[i].data();
      if (fields_[i].text && len > 0) {
        const void* end = std::memchr(value, 0, len);
        if (end != nullptr) len = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - value);
      }
      rows.lengths.push_back(static_cast<std::int32_t>(len));
      rows.data.insert(rows.data.end(), value, value + len);
    }
    ++rows.rows;
  }

  std::string message() const {
    return std::string(errmsg_.data(), std::find(errmsg_.begin(), errmsg_.end(), '\0') - errmsg_.begin());
  }

 private:
  // `sizes` asks for the lengths of what grows, by NULL bases.
  Outcome call(bool sizes) {
    errmsg_[0] = 0;
    set(0, key_name_.data(), key_name_.size() + 1, key_value_.data(), key_value_.size());
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const bool ask = sizes && fields_[i].grows;
      if (!values_[i].empty()) values_[i][0] = 0;
      set(i + 1, names_[i].data(), names_[i].size() + 1, ask ? nullptr : values_[i].data(),
          ask ? 0 : values_[i].size());
    }
    set(fields_.size() + 1, const_cast<char*>("errmsg"), sizeof("errmsg"), errmsg_.data(), errmsg_.size());
    return kernel_.jail_get(iov_.data(), iov_.size(), flags_);
  }

  void set(std::size_t pair, char* name, std::size_t name_len, void* value, std::size_t value_len) {
    iov_[2 * pair] = {name, name_len};
    iov_[2 * pair + 1] = {value, value_len};
  }

  bool too_small(const Outcome& outcome) const { return outcome.error == kEINVAL && errmsg_[0] == 0; }
  bool can_grow() const {
    return std::any_of(fields_.begin(), fields_.end(), [](const Field& field) { return field.grows; });
  }

  Kernel& kernel_;
  const std::vector<Field>& fields_;
  int flags_;
  std::string key_name_;
  std::vector<std::uint8_t> key_value_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::uint8_t>> values_;
  std::vector<char> errmsg_;
  std::vector<IoVec> iov_;
};

}  // namespace

void read_jail(Kernel& kernel, const Key& key, const std::vector<Field>& fields, int flags, Rows& rows) {
  const char* name = key.kind == Key::Kind::kName ? "name" : key.kind == Key::Kind::kDescriptor ? "desc" : "jid";
  if (key.kind == Key::Kind::kDescriptor) flags |= kJailUseDesc;
  Reader reader(kernel, key, name, fields, flags);
  rows.outcome = reader.read();
  if (rows.outcome.failed()) {
    rows.message = reader.message();
  } else {
    reader.append_row(rows);
  }
}

void list_jails(Kernel& kernel, const std::vector<Field>& fields, int flags, Rows& rows) {
  Reader reader(kernel, Key{}, "lastjid", fields, flags);
  for (int last = 0;;) {
    reader.set_key(last);
    const Outcome outcome = reader.read();
    if (outcome.error == kENOENT) break;  // no jail after the last one: the end, not an error
    if (outcome.failed()) {
      rows.outcome = outcome;
      rows.message = reader.message();
      return;
    }
    reader.append_row(rows);
    if (outcome.value <= last) break;  // never walk in circles
    last = static_cast<int>(outcome.value);
  }
  rows.outcome = Outcome::ok(static_cast<std::int64_t>(rows.rows));
}

}  // namespace bsdjail

#include "read.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "../kernel/errno.h"

namespace bsdjail {
namespace {

constexpr std::size_t kErrmsgLength = 1024;
// libjail's measures: room for values that grow between asking for the size and reading, and when to give up.
constexpr std::size_t kSlack = 80;
constexpr int kTries = 8;

// Room for a name as the kernel may write it back: longer than the one that was asked for where that was a number.
constexpr std::size_t kNameRoom = 256;

// The iovec list of a read: the key, the fields, errmsg. Buffers are kept from one jail to the next.
//
// Of two entries with the same name the kernel heeds the later one alone, so a field that names the key, or an earlier
// field, shares that one's entry.
class Reader {
 public:
  Reader(Kernel& kernel, const Key& key, std::string_view key_name, const std::vector<Field>& fields, int flags)
      : kernel_(kernel), key_(key), fields_(fields), flags_(flags) {
    entries_.reserve(fields.size() + 2);
    entry_of_.reserve(fields.size());
    const bool by_name = key.kind == Key::Kind::kName;
    entries_.push_back({key_name, by_name ? std::max(key.name.size() + 1, kNameRoom) : sizeof(int), 0, false});
    for (const Field& field : fields) {
      const auto known =
          std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == field.name; });
      entry_of_.push_back(static_cast<std::size_t>(known - entries_.begin()));
      if (known == entries_.end()) {
        entries_.push_back({field.name, field.grows ? std::max(field.size, kSlack) : field.size, 0, field.grows});
      }
    }
    entries_.push_back({"errmsg", kErrmsgLength, 0, false});
    iov_.resize(2 * entries_.size());
    place();
  }

  void set_key(int number) { key_.number = number; }

  // EINVAL without a text is how the kernel says that a buffer was too small; anything else is its answer.
  Outcome read() {
    Outcome outcome = call(false);
    for (int tries = 0; tries < kTries && too_small(outcome) && can_grow(); ++tries) {
      outcome = call(true);
      if (outcome.failed()) return outcome;
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].grows) entries_[i].room = std::max(entries_[i].room, length(i) + kSlack);
      }
      place();
      outcome = call(false);
    }
    return outcome;
  }

  void append_row(Rows& rows) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const Entry& entry = entries_[entry_of_[i]];
      const std::uint8_t* value = values_.data() + entry.at;
      std::size_t len = std::min(length(entry_of_[i]), entry.room);
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
    const auto* text = reinterpret_cast<const char*>(errmsg());
    return std::string(text, strnlen(text, kErrmsgLength));
  }

 private:
  struct Entry {
    std::string_view name;  // of a literal or a field, so a NUL follows
    std::size_t room;
    std::size_t at;  // in values_
    bool grows;
  };

  // Gives every entry its place: one allocation for all values. A value without room still has a place to point at,
  // because a NULL base would ask for the length alone.
  void place() {
    std::size_t at = 0;
    for (Entry& entry : entries_) {
      entry.at = at;
      at += entry.room;
    }
    values_.assign(at + 1, 0);
  }

  const std::uint8_t* errmsg() const { return values_.data() + entries_.back().at; }

  void write_key() {
    std::uint8_t* value = values_.data();
    if (key_.kind == Key::Kind::kName) {
      std::memcpy(value, key_.name.data(), key_.name.size());
      std::memset(value + key_.name.size(), 0, entries_.front().room - key_.name.size());
    } else {
      std::memcpy(value, &key_.number, sizeof key_.number);
    }
  }

  // `sizes` asks for the lengths of what grows, by NULL bases.
  Outcome call(bool sizes) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      const bool ask = sizes && entry.grows;
      std::uint8_t* value = values_.data() + entry.at;
      if (entry.room > 0) *value = 0;
      iov_[2 * i] = {const_cast<char*>(entry.name.data()), entry.name.size() + 1};
      iov_[2 * i + 1] = {ask ? nullptr : value, ask ? 0 : entry.room};
    }
    write_key();
    return kernel_.jail_get(iov_.data(), iov_.size(), flags_);
  }

  std::size_t length(std::size_t entry) const { return iov_[2 * entry + 1].len; }
  bool too_small(const Outcome& outcome) const { return outcome.error == kEINVAL && *errmsg() == 0; }
  bool can_grow() const {
    return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.grows; });
  }

  Kernel& kernel_;
  Key key_;
  const std::vector<Field>& fields_;
  int flags_;
  std::vector<Entry> entries_;         // the key, the fields, errmsg
  std::vector<std::size_t> entry_of_;  // of each field
  std::vector<std::uint8_t> values_;
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

#include "read.h"

#include <algorithm>
#include <cstring>
#include <utility>

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
  Reader(Kernel& kernel, const Key& key, const char* key_name, const std::vector<Field>& fields, int flags)
      : kernel_(kernel), key_(key), fields_(fields), flags_(flags), entry_of_(fields.size()) {
    entries_.reserve(fields.size() + 1);
    add(key_name, key.kind == Key::Kind::kName ? std::max(key.name.size() + 1, kNameRoom) : sizeof(int), false);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto known = std::find_if(entries_.begin(), entries_.end(),
                                      [&](const Entry& entry) { return entry.name == fields[i].name; });
      entry_of_[i] = static_cast<std::size_t>(known - entries_.begin());
      if (known == entries_.end()) {
        add(fields[i].name, fields[i].grows ? std::max(fields[i].size, kSlack) : fields[i].size, fields[i].grows);
      }
    }
    errmsg_.resize(kErrmsgLength);
    iov_.resize(2 * (entries_.size() + 1));
  }

  void set_key(int number) { key_.number = number; }

  // EINVAL without a text is how the kernel says that a buffer was too small; anything else is its answer.
  Outcome read() {
    Outcome outcome = call(false);
    for (int tries = 0; tries < kTries && too_small(outcome) && can_grow(); ++tries) {
      outcome = call(true);
      if (outcome.failed()) return outcome;
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        const std::size_t needed = length(i) + kSlack;
        if (entries_[i].grows && needed > entries_[i].value.size()) entries_[i].value.resize(needed);
      }
      outcome = call(false);
    }
    return outcome;
  }

  void append_row(Rows& rows) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const std::vector<std::uint8_t>& value = entries_[entry_of_[i]].value;
      std::size_t len = std::min(length(entry_of_[i]), value.size());
      if (fields_[i].text && len > 0) {
        const void* end = std::memchr(value.data(), 0, len);
        if (end != nullptr) len = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - value.data());
      }
      rows.lengths.push_back(static_cast<std::int32_t>(len));
      rows.data.insert(rows.data.end(), value.begin(), value.begin() + static_cast<std::ptrdiff_t>(len));
    }
    ++rows.rows;
  }

  std::string message() const {
    return std::string(errmsg_.data(), std::find(errmsg_.begin(), errmsg_.end(), '\0') - errmsg_.begin());
  }

 private:
  struct Entry {
    std::string name;
    std::vector<std::uint8_t> value;
    bool grows;
  };

  void add(std::string name, std::size_t size, bool grows) {
    Entry entry{std::move(name), {}, grows};
    // A NULL base would ask for the length alone, so every value has room to point at.
    entry.value.reserve(1);
    entry.value.resize(size);
    entries_.push_back(std::move(entry));
  }

  void write_key() {
    std::vector<std::uint8_t>& value = entries_.front().value;
    if (key_.kind == Key::Kind::kName) {
      std::copy(key_.name.begin(), key_.name.end(), value.begin());
      std::fill(value.begin() + static_cast<std::ptrdiff_t>(key_.name.size()), value.end(), std::uint8_t{0});
    } else {
      std::memcpy(value.data(), &key_.number, sizeof key_.number);
    }
  }

  // `sizes` asks for the lengths of what grows, by NULL bases.
  Outcome call(bool sizes) {
    errmsg_[0] = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      const bool ask = sizes && entry.grows;
      if (!entry.value.empty()) entry.value[0] = 0;
      iov_[2 * i] = {entry.name.data(), entry.name.size() + 1};
      iov_[2 * i + 1] = {ask ? nullptr : entry.value.data(), ask ? 0 : entry.value.size()};
    }
    write_key();
    iov_[iov_.size() - 2] = {const_cast<char*>("errmsg"), sizeof("errmsg")};
    iov_[iov_.size() - 1] = {errmsg_.data(), errmsg_.size()};
    return kernel_.jail_get(iov_.data(), iov_.size(), flags_);
  }

  std::size_t length(std::size_t entry) const { return iov_[2 * entry + 1].len; }
  bool too_small(const Outcome& outcome) const { return outcome.error == kEINVAL && errmsg_[0] == 0; }
  bool can_grow() const {
    return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.grows; });
  }

  Kernel& kernel_;
  Key key_;
  const std::vector<Field>& fields_;
  int flags_;
  std::vector<Entry> entries_;         // the key first
  std::vector<std::size_t> entry_of_;  // of each field
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

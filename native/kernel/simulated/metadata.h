// meta and env: a text of lines "key=value", set and read whole or by the key.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"

namespace bsdjail::simulated {

inline constexpr std::string_view kMetadataFamilies[] = {"meta", "env"};

// Whether an option is of this family, "meta" or "meta.key"; `key` is then the key, or unset for the whole.
bool metadata_option(std::string_view option, std::string_view family, std::optional<std::string_view>& key);

// What is read of a text as a jail keeps it. The kernel tells one that has never been set, or was set to nothing, from one
// of NULs alone: both read as empty, but a key that is then set stands before an empty line in the second.
inline std::string_view metadata_text(const std::string& kept) {
  return std::string_view(kept).substr(0, kept.find('\0'));
}

// A change of such a text, in steps. Bytes fall where the kernel lets them fall: a key that is set moves to the front.
class MetadataEdit {
 public:
  explicit MetadataEdit(const std::string& kept);
  void replace(std::string_view value);  // with its NUL, or empty
  void remove(std::string_view key);
  void set(std::string_view key, std::string_view value);  // with its NUL

  // How many bytes the text has come to, its NUL counted.
  std::size_t size() const;
  // As a jail is to keep it.
  std::string text() const;

 private:
  std::vector<std::string> pieces_;
};

// Answers one option of jail_get(2) from a text: 0, or EINVAL where the buffer is too small. A key that is not there
// leaves the option unseen.
int read_metadata(const std::string& kept, std::optional<std::string_view> key, Option& option);

}  // namespace bsdjail::simulated

#include "metadata.h"

#include <algorithm>
#include <cstring>

#include "../errno.h"
#include "jail_set.h"

namespace bsdjail::simulated {

bool metadata_option(std::string_view option, std::string_view family, std::optional<std::string_view>& key) {
  if (option.substr(0, family.size()) != family) return false;
  option.remove_prefix(family.size());
  key.reset();
  if (option.empty()) return true;
  if (option.front() != '.') return false;
  key = option.substr(1);
  return true;
}

MetadataEdit::MetadataEdit(const std::string& kept) {
  pieces_.emplace_back(metadata_text(kept));
  if (!kept.empty()) pieces_.back().push_back('\0');
}

void MetadataEdit::replace(std::string_view value) {
  pieces_.assign(1, value.size() > 1 ? std::string(value) : std::string());
}

void MetadataEdit::remove(std::string_view key) {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    for (std::size_t from = 0;;) {
      std::string& piece = pieces_[i];
      // What lies behind a NUL is kept, but not searched.
      const std::size_t end = std::min(piece.find('\0', from), piece.size());
      const std::size_t at = std::string_view(piece).substr(0, end).find(key, from);
      if (at == std::string::npos) break;
      const std::size_t behind = at + key.size();
      const bool line = at == 0 || piece[at - 1] == '\n';
      if (!line || behind >= piece.size() || piece[behind] != '=') {
        from = behind;
        continue;
      }
      std::size_t line_end = at;
      while (line_end + 1 < piece.size() && piece[line_end] != '\0' && piece[line_end] != '\n') ++line_end;
      std::string rest;
      if (line_end + 1 < piece.size() && piece[line_end + 1] != '\0') rest = piece.substr(line_end + 1);
      piece.resize(at);
      if (!rest.empty()) pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(rest));
      break;
    }
  }
}

void MetadataEdit::set(std::string_view key, std::string_view value) {
  remove(key);
  std::string line(key);
  line += '=';
  line += value;
  pieces_.insert(pieces_.begin(), std::move(line));
}

std::size_t MetadataEdit::size() const {
  std::size_t size = 0;
  for (const std::string& piece : pieces_) size += piece.size();
  return size;
}

std::string MetadataEdit::text() const {
  std::string text;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].empty()) continue;
    text += pieces_[i];
    if (i + 1 < pieces_.size() && text.back() == '\0') text.back() = '\n';
  }
  // A single byte is not kept; of more, the last becomes the NUL, whatever it was.
  if (text.size() <= 1) return {};
  text.pop_back();
  return text.front() == '\0' ? std::string(1, '\0') : text.substr(0, text.find('\0'));
}

int read_metadata(const std::string& kept, std::optional<std::string_view> key, Option& option) {
  const std::string_view text = metadata_text(kept);
  const std::size_t room = static_cast<std::size_t>(option.length);
  if (!key) {
    if (text.size() >= room) return kEINVAL;
    std::memcpy(option.value, text.data(), text.size());
    option.value[text.size()] = '\0';
    option.seen = true;
    return 0;
  }
  // The kernel would search for an empty key for ever.
  if (key->empty()) return kEINVAL;
  for (std::size_t at = text.find(*key); at != std::string::npos; at = text.find(*key, at + key->size())) {
    const std::size_t value = at + key->size() + 1;
    if ((at != 0 && text[at - 1] != '\n') || value > text.size() || text[value - 1] != '=') continue;
    // The buffer must hold all that follows, although only the line is copied.
    if (text.size() - value >= room) return kEINVAL;
    const std::size_t length = std::min(text.find('\n', value), text.size()) - value;
    std::memcpy(option.value, text.data() + value, length);
    option.value[length] = '\0';
    option.seen = true;
  }
  return 0;
}

void JailSet::mark_metadata() {
  if (!world_.release().metadata()) return;
  std::optional<std::string_view> key;
  for (Option& option : options_.all()) {
    for (std::string_view family : kMetadataFamilies) {
      if (metadata_option(option.name, family, key)) option.seen = true;
    }
  }
}

int JailSet::apply_metadata() {
  if (!world_.release().metadata()) return 0;
  const std::size_t limit = world_.tunables.meta_max;
  for (std::string_view family : kMetadataFamilies) {
    std::string& text = family == kMetadataFamilies[0] ? prison_->meta : prison_->env;
    std::optional<MetadataEdit> edit;
    for (const Option& option : options_.all()) {
      std::optional<std::string_view> key;
      if (!metadata_option(option.name, family, key)) continue;
      if (static_cast<std::size_t>(option.length) > limit) return kEFBIG;
      if (option.value != nullptr && !option.terminated()) return kEINVAL;
      if (!edit) edit.emplace(text);
      if (!key) {
        edit->replace(option.bytes());
      } else if (key->empty()) {
        return kEINVAL;
      } else if (option.value == nullptr) {
        edit->remove(*key);
      } else {
        edit->set(*key, option.bytes());
      }
    }
    if (!edit) continue;
    if (edit->size() > limit) return kEFBIG;
    text = edit->text();
  }
  return 0;
}

}  // namespace bsdjail::simulated

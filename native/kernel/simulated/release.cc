#include "release.h"

namespace bsdjail::simulated {
namespace {

constexpr std::string_view kDragonfly = "dragonfly";

constexpr Release kReleases[] = {
    {508, 500800, true},  {600, 600000, true},  {602, 600200, true},  {604, 600400, true},  {605, 600500, true},
    {1300, 1300139}, {1301, 1301000}, {1302, 1302001}, {1303, 1303001}, {1304, 1304000}, {1305, 1305000},
    {1400, 1400097}, {1401, 1401000}, {1402, 1402000}, {1403, 1403000}, {1500, 1500068}, {1501, 1501000},
};

// Reads decimal digits off the front; -1 where there are none or too many.
int take_number(std::string_view& text) {
  std::size_t digits = 0;
  int value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 2) return -1;
    value = value * 10 + (text[digits] - '0');
    ++digits;
  }
  if (digits == 0) return -1;
  text.remove_prefix(digits);
  return value;
}

}  // namespace

std::string Release::version() const { return std::to_string(number / 100) + "." + std::to_string(number % 100); }

std::string Release::text() const { return dragonfly ? std::string(kDragonfly) + "-" + version() : version(); }

const Release* find_release(std::string_view text) {
  const bool dragonfly = text.substr(0, kDragonfly.size()) == kDragonfly;
  if (dragonfly) {
    text.remove_prefix(kDragonfly.size());
    // 6.5 is what the next release is made of.
    if (text.empty()) text = "-6.4";
    if (text.front() != '-') return nullptr;
    text.remove_prefix(1);
  }
  const int major = take_number(text);
  int minor = -1;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    minor = take_number(text);
    if (minor < 0) return nullptr;
  }
  if (major < 0 || (!text.empty() && text.front() != '-')) return nullptr;
  const Release* found = nullptr;
  for (const Release& release : kReleases) {
    // A major number alone means its newest release here.
    if (release.dragonfly != dragonfly || release.number / 100 != major) continue;
    if (minor < 0 || release.number % 100 == minor) found = &release;
  }
  return found;
}

std::vector<std::string_view> mountable(const Release& release) {
  // Registration follows the linker's order of modules, which is why it differs so between releases.
  if (release.number < 1400) return {"tmpfs", "fdescfs", "devfs", "nullfs", "procfs"};
  if (release.number < 1500) return {"devfs", "fdescfs", "nullfs", "procfs", "tmpfs"};
  return {"devfs", "fdescfs", "nullfs", "p9fs", "procfs", "tmpfs"};
}

}  // namespace bsdjail::simulated

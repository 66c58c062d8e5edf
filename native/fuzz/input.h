// A fuzzer's bytes, taken in small pieces; zeros where there are no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace bsdjail::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  // 0 to below `count`.
  unsigned pick(unsigned count) { return byte() % count; }
  template <typename Number>
  Number number() {
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(value); ++i) value = static_cast<Number>(value << 4 << 4 | byte());
    return value;
  }
  std::string bytes(std::size_t most) {
    const std::size_t length = most == 0 ? 0 : number<std::uint16_t>() % (most + 1);
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += static_cast<char>(byte());
    return text;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

// Something is wrong that no sanitizer would see.
[[noreturn]] inline void broken(const std::string& what) {
  std::fprintf(stderr, "broken: %s\n", what.c_str());
  std::abort();
}

}  // namespace bsdjail::fuzz

#include "wire.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <unistd.h>

#include "../kernel/errno.h"

namespace {

std::string pending;  // what was read beyond the last line

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

void write_line(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(1, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) std::exit(1);
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
}

// A byte at a time would do too, but for the speed. Requests come one by one, so nothing of a child's is read here.
bool read_line(std::string& line) {
  for (;;) {
    const std::size_t end = pending.find('\n');
    if (end != std::string::npos) {
      line = pending.substr(0, end);
      pending.erase(0, end + 1);
      return true;
    }
    char buffer[65536];
    const ssize_t got = ::read(0, buffer, sizeof(buffer));
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
    if (got > 0) pending.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string answer(long value) {
  if (value >= 0) return "ok " + std::to_string(value);
  const int error = bsdjail::errno_from_host(errno);
  return "error " + std::to_string(error) + " " + std::string(bsdjail::errno_name(error));
}

#include "list.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace bsdjail::dragonfly {
namespace {

constexpr std::string_view kUnknownFamily = "?family?";

// Takes "12 " off the front; 0 where a line does not begin so.
int take_jid(std::string_view& line) {
  int jid = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), jid);
  if (error != std::errc() || jid <= 0 || end == line.data() + line.size() || *end != ' ') return 0;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  return jid;
}

// From what stands behind the jid. The host name comes first and ends at the first blank, since what it could add comes
// before the path and leads nowhere; addresses are what looks like addresses at the end.
ListedJail parse_rest(int jid, std::string_view rest) {
  ListedJail jail;
  jail.jid = jid;
  const std::size_t blank = std::min(rest.find(' '), rest.size());
  jail.hostname = rest.substr(0, blank);
  rest.remove_prefix(std::min(blank + 1, rest.size()));
  for (;;) {
    const std::size_t last = rest.rfind(' ');
    if (last == std::string_view::npos) break;
    const std::string_view word = rest.substr(last + 1);
    const Address address = parse_address(word);
    if (address.bytes.empty() && word != kUnknownFamily) break;
    jail.addresses.insert(jail.addresses.begin(), address);
    rest = rest.substr(0, last);
  }
  jail.path = rest;
  return jail;
}

}  // namespace

Address parse_address(std::string_view text) {
  const std::string copy(text);
  char bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return {std::string(bytes, 4)};
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return {std::string(bytes, 16)};
  return {};
}

bool parse_list(std::string_view text, const std::function<bool(int)>& exists, std::vector<ListedJail>& jails, bool& joined) {
  jails.clear();
  joined = false;
  std::vector<std::pair<int, std::string>> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view rest = line;
    const int jid = take_jid(rest);
    if (jid != 0 && exists(jid)) {
      lines.emplace_back(jid, rest);
    } else if (!lines.empty()) {
      lines.back().second += '\n';
      lines.back().second += line;
      joined = true;
    } else {
      joined = true;
    }
  }
  std::set<int> seen;
  for (const auto& [jid, rest] : lines) {
    if (!seen.insert(jid).second) return false;
    jails.push_back(parse_rest(jid, rest));
  }
  return true;
}

bool path_can_be_listed(std::string_view path) {
  if (path.find('\n') != std::string_view::npos) return false;
  const std::size_t last = path.rfind(' ');
  if (last == std::string_view::npos) return true;
  const std::string_view word = path.substr(last + 1);
  return parse_address(word).bytes.empty() && word != kUnknownFamily;
}

}  // namespace bsdjail::dragonfly

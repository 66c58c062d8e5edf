// The text of the sysctl jail.list: a line for each jail, its parts separated by blanks, which its parts may hold as well.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "system.h"

namespace bsdjail::dragonfly {

// The kernel gives each jail this much room in the list, with its line break. Where one needs more, nobody gets a list.
inline constexpr std::size_t kListRoom = 1024;

struct ListedJail {
  int jid = 0;
  std::string hostname;
  std::string path;
  std::vector<Address> addresses;
};

// "127.0.0.2", "::2" as an address; no bytes where the text is none.
Address parse_address(std::string_view text);

// Reads the list. A jail's root can write line breaks and blanks into its host name, and so forge lines: what begins like
// a jail of which `exists` knows nothing is taken for the rest of the line before, and `joined` says that it was. False
// where a jail is listed twice: one of the two is forged, and nobody can say which.
bool parse_list(std::string_view text, const std::function<bool(int)>& exists, std::vector<ListedJail>& jails, bool& joined);

// Whether the path of a jail, followed by addresses in a line, can be told from them again.
bool path_can_be_listed(std::string_view path);

}  // namespace bsdjail::dragonfly

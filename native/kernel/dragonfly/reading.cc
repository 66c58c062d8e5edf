#include "reading.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "../errno.h"
#include "parameters.h"

namespace bsdjail::dragonfly {
namespace {

using simulated::Option;
using simulated::Options;

constexpr int kTries = 5;

Outcome read_text(System& system, std::string_view name, std::string& text) {
  Outcome outcome;
  for (int tries = 0; tries < kTries; ++tries) {
    std::size_t size = 0;
    outcome = system.sysctl(name, nullptr, &size, nullptr, 0);
    if (outcome.failed()) return outcome;
    // Room for jails that come between the two calls.
    text.assign(size + 4 * kListRoom, '\0');
    size = text.size();
    outcome = system.sysctl(name, text.data(), &size, nullptr, 0);
    if (outcome.error == kENOMEM) continue;
    if (outcome.failed()) return outcome;
    text.resize(std::min(size, text.size()));
    text.resize(strnlen(text.data(), text.size()));
    return outcome;
  }
  return outcome;
}

// Whether the kernel has settings for a jail, which its inmates cannot forge.
bool has_node(System& system, int jid) {
  SysctlNode node;
  return !system.sysctl_describe("jail." + std::to_string(jid).substr(0, 5), node).failed();
}

std::string addresses_of(const ListedJail& jail, std::size_t size) {
  std::string bytes;
  for (const Address& address : jail.addresses) {
    if (address.bytes.size() == size) bytes += address.bytes;
  }
  return bytes;
}

Outcome read_permission(System& system, const Permission& permission, bool positive, int& value) {
  std::uint64_t bits = 0;
  std::size_t size = sizeof(bits);
  const Outcome outcome = system.sysctl(permission.node, &bits, &size, nullptr, 0);
  if (!outcome.failed()) value = ((bits != 0) != permission.inverted) == positive ? 1 : 0;
  return outcome;
}

// One value; 0 or the errno.
int put_value(Option& option, const ListedJail& jail) {
  const auto number = [&option](int value) { return Options::put(option, &value, sizeof(value)); };
  if (option.name == "jid") return number(jail.jid);
  if (option.name == "name") return Options::put_text(option, std::to_string(jail.jid));
  if (option.name == "path") return Options::put_text(option, jail.path);
  if (option.name == "host.hostname") return Options::put_text(option, jail.hostname);
  if (option.name == "ip4.addr" || option.name == "ip6.addr") {
    const std::string bytes = addresses_of(jail, option.name == "ip4.addr" ? 4 : 16);
    return Options::put_part(option, bytes.data(), static_cast<int>(bytes.size()));
  }
  return number(0);  // parent, dying
}

}  // namespace

Outcome list_jails(System& system, std::vector<ListedJail>& jails) {
  std::string before;
  Outcome outcome;
  for (int tries = 0; tries < kTries; ++tries) {
    std::string text;
    outcome = read_text(system, "jail.list", text);
    if (outcome.failed()) return outcome;
    bool joined = false;
    const bool whole = parse_list(text, [&system](int jid) { return has_node(system, jid); }, jails, joined);
    // A jail that came or went between list and node looks like a forged line: only one that stays is one.
    if (whole && (!joined || text == before)) return Outcome::ok();
    if (!whole && text == before) return Outcome::fail(kEBADMSG);
    before = std::move(text);
  }
  return Outcome::fail(kEAGAIN);
}

Outcome find_jail(System& system, int jid, ListedJail& jail) {
  std::vector<ListedJail> jails;
  const Outcome outcome = list_jails(system, jails);
  if (outcome.failed()) return outcome;
  const auto found = std::find_if(jails.begin(), jails.end(), [jid](const ListedJail& each) { return each.jid == jid; });
  if (found == jails.end()) return Outcome::fail(kENOENT);
  jail = std::move(*found);
  return Outcome::ok(jid);
}

Outcome find_asked(System& system, Options& options, bool walk, ListedJail& jail) {
  const auto number = [&options](std::string_view name, int& value) { return options.copy(name, &value, sizeof(value)); };
  std::vector<ListedJail> jails;
  const auto list = [&]() {
    const Outcome outcome = list_jails(system, jails);
    if (outcome.error == kEBADMSG) options.error("jail.list holds a jail twice: a host name in it is forged");
    return outcome;
  };
  const auto take = [&](int jid) {
    const auto found = std::find_if(jails.begin(), jails.end(), [jid](const ListedJail& each) { return each.jid == jid; });
    if (found == jails.end()) return false;
    jail = std::move(*found);
    return true;
  };
  int last = 0;
  if (walk) {
    const int error = number("lastjid", last);
    if (error == kEINVAL) return Outcome::fail(error);
    if (error == 0) {
      if (const Outcome outcome = list(); outcome.failed()) return outcome;
      int next = 0;
      for (const ListedJail& each : jails) {
        if (each.jid > last && (next == 0 || each.jid < next)) next = each.jid;
      }
      if (next != 0 && take(next)) return Outcome::ok(next);
      options.error("no jail after %d", last);
      return Outcome::fail(kENOENT);
    }
  }
  int jid = 0;
  if (number("jid", jid) == kEINVAL) return Outcome::fail(kEINVAL);
  if (jid != 0) {
    if (const Outcome outcome = list(); outcome.failed()) return outcome;
    if (take(jid)) return Outcome::ok(jid);
    options.error("jail %d not found", jid);
    return Outcome::fail(kENOENT);
  }
  const Option* name = options.find("name");
  if (name == nullptr || name->length == 0) {
    options.error("no jail specified");
    return Outcome::fail(kENOENT);
  }
  if (!name->terminated()) return Outcome::fail(kEINVAL);
  const std::string text(name->text());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jid);
  if (error != std::errc() || end != text.data() + text.size()) {
    options.error("jail \"%s\" not found: %s", text.c_str(), why_fixed("name").c_str());
    return Outcome::fail(kENOENT);
  }
  if (const Outcome outcome = list(); outcome.failed()) return outcome;
  if (take(jid)) return Outcome::ok(jid);
  options.error("jail \"%s\" not found", text.c_str());
  return Outcome::fail(kENOENT);
}

std::string positive_name(std::string_view name, bool& positive) {
  const std::size_t at = name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1;
  positive = name.substr(at, 2) != "no";
  return positive ? std::string(name) : std::string(name.substr(0, at)) + std::string(name.substr(at + 2));
}

const Permission* find_permission(const std::vector<Permission>& permissions, std::string_view name, bool& positive) {
  for (const Permission& permission : permissions) {
    positive = permission.name == name;
    if (positive || positive_name(name, positive) == permission.name) return &permission;
  }
  return nullptr;
}

int refuse_permissions(Options& options, std::string_view name, int jid) {
  options.error("%s: the kernel names the settings of jail %d by its first five digits, which can be another jail's",
                std::string(name).c_str(), jid);
  return kEOPNOTSUPP;
}

Outcome read_parameters(System& system, Options& options) {
  ListedJail jail;
  const Outcome found = find_asked(system, options, true, jail);
  if (found.failed()) return found;
  std::vector<Permission> permissions;
  bool known = false;
  for (Option& option : options.all()) {
    if (option.name == "errmsg" || option.name == "lastjid") continue;
    int error = 0;
    if (is_parameter(option.name)) {
      error = put_value(option, jail);
    } else if (option.name.substr(0, 6) == "allow.") {
      if (jail.jid >= kFirstUnnamed) return Outcome::fail(refuse_permissions(options, option.name, jail.jid));
      if (!known) permissions = jail_permissions(system, jail.jid);
      known = true;
      bool positive = false;
      const Permission* permission = find_permission(permissions, option.name, positive);
      int value = 0;
      if (permission == nullptr) {
        error = kENOENT;
      } else if (const Outcome outcome = read_permission(system, *permission, positive, value); outcome.failed()) {
        return outcome;
      } else {
        error = Options::put(option, &value, sizeof(value));
      }
    } else {
      error = kENOENT;
    }
    if (error == kENOENT) {
      options.error("unknown parameter: %s (%s)", std::string(option.name).c_str(), why_unknown(option.name).c_str());
      return Outcome::fail(kEINVAL);
    }
    if (error != 0) return Outcome::fail(error);
  }
  return Outcome::ok(jail.jid);
}

}  // namespace bsdjail::dragonfly

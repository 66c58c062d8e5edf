#include "creation.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "../errno.h"
#include "list.h"
#include "parameters.h"
#include "reading.h"

namespace bsdjail::dragonfly {
namespace {

using simulated::Option;
using simulated::Options;

// The longest text of an address in the list, with its blank.
constexpr std::size_t kAddressText[] = {16, 40};
constexpr std::size_t kJidText = 7;

struct Wish {
  std::string name;  // as it was given
  std::string permission;
  bool allowed = false;
};

Outcome refuse(Options& options, int error, const std::string& words) {
  options.error("%s", words.c_str());
  return Outcome::fail(error);
}

Outcome refuse_unknown(Options& options, std::string_view name) {
  return refuse(options, kEINVAL, "unknown parameter: " + std::string(name) + " (" + why_unknown(name) + ")");
}

// What a list asks for. `wishes` are permissions, all of which this kernel has.
struct Request {
  NewJail jail;
  std::vector<Wish> wishes;
  bool persists = false;
};

bool take_text(const Option& option, std::size_t room, std::string& text, int& error) {
  error = !option.terminated() ? kEINVAL : static_cast<std::size_t>(option.length) > room ? kENAMETOOLONG : 0;
  if (error == 0) text = option.text();
  return error == 0;
}

bool take_addresses(const Option& option, std::size_t size, std::vector<Address>& addresses) {
  if (static_cast<std::size_t>(option.length) % size != 0) return false;
  const std::string_view bytes = option.bytes();
  for (std::size_t at = 0; at < bytes.size(); at += size) addresses.push_back({std::string(bytes.substr(at, size))});
  return true;
}

// Only permissions: `name` is one, with or without "no".
bool take_wish(const std::vector<Permission>& permissions, std::string_view name, std::vector<Wish>& wishes) {
  bool positive = false;
  const Permission* permission = find_permission(permissions, name, positive);
  if (permission == nullptr) return false;
  wishes.push_back({std::string(name), permission->name, positive});
  return true;
}

Outcome read_request(System& system, Options& options, Request& request) {
  const std::vector<Permission> permissions = default_permissions(system);
  std::vector<Address> addresses[2];
  request.jail.path = "/";
  for (const Option& option : options.all()) {
    const std::string_view name = option.name;
    int error = 0;
    if (name == "errmsg") continue;
    if (name == "path") {
      if (!take_text(option, kMaxPath, request.jail.path, error)) return Outcome::fail(error);
    } else if (name == "host.hostname") {
      if (!take_text(option, kMaxHostName, request.jail.hostname, error)) return Outcome::fail(error);
    } else if (name == "ip4.addr" || name == "ip6.addr") {
      const int family = name == "ip4.addr" ? 0 : 1;
      if (!take_addresses(option, family == 0 ? 4 : 16, addresses[family])) return Outcome::fail(kEINVAL);
    } else if (name == "persist" || name == "nopersist") {
      request.persists = name == "persist";
    } else if (is_parameter(name)) {
      return refuse(options, kEINVAL, why_fixed(name));
    } else if (!take_wish(permissions, name, request.wishes)) {
      return refuse_unknown(options, name);
    }
  }
  // The kernel turns the list round, so that the first that were given are the first of its own.
  for (int family : {1, 0}) {
    request.jail.addresses.insert(request.jail.addresses.end(), addresses[family].rbegin(), addresses[family].rend());
  }
  return Outcome::ok();
}

// What jail(2) would take, and what then nobody could read again.
Outcome check_listing(Options& options, const NewJail& jail) {
  if (jail.path.empty() || jail.path.front() != '/') return refuse(options, kEINVAL, "path must be absolute");
  if (jail.hostname.find_first_of(" \n") != std::string::npos) {
    return refuse(options, kEINVAL, "host.hostname cannot have a blank: DragonFly's list of jails is separated by them");
  }
  if (!path_can_be_listed(jail.path)) {
    return refuse(options, kEINVAL,
                  "path cannot have a line break, nor end in a blank and an address: DragonFly's list of jails could not "
                  "be read");
  }
  std::size_t length = kJidText + jail.hostname.size() + 1 + jail.path.size() + 1;
  for (const Address& address : jail.addresses) length += kAddressText[address.bytes.size() == 4 ? 0 : 1];
  if (length <= kListRoom) return Outcome::ok();
  return refuse(options, kE2BIG,
                "host name, path and addresses are more than the " + std::to_string(kListRoom) +
                    " bytes that DragonFly's list of jails has for each: no jail could be listed");
}

Outcome set_wishes(System& system, Options& options, int jid, const std::vector<Wish>& wishes) {
  if (wishes.empty()) return Outcome::ok(jid);
  if (jid >= kFirstUnnamed) return Outcome::fail(refuse_permissions(options, wishes.front().name, jid));
  const std::vector<Permission> permissions = jail_permissions(system, jid);
  for (const Wish& wish : wishes) {
    bool positive = false;
    const Permission* permission = find_permission(permissions, wish.permission, positive);
    if (permission == nullptr) return refuse_unknown(options, wish.name);
    // As long as what the kernel gives: a bit is read and written as an int.
    std::uint64_t bits = 0;
    std::size_t size = sizeof(bits);
    Outcome outcome = system.sysctl(permission->node, &bits, &size, nullptr, 0);
    if (!outcome.failed()) {
      bits = wish.allowed != permission->inverted ? 1 : 0;
      outcome = system.sysctl(permission->node, nullptr, nullptr, &bits, std::min(size, sizeof(bits)));
    }
    if (outcome.failed()) return refuse(options, outcome.error, wish.name + ": " + permission->node + " was not set");
  }
  return Outcome::ok(jid);
}

}  // namespace

Outcome create_jail(System& system, Options& options, bool enter) {
  Request request;
  Outcome outcome = read_request(system, options, request);
  if (outcome.failed()) return outcome;
  if (!request.persists && !enter) return refuse(options, kEINVAL, "new jail must persist or attach");
  if (enter && !request.wishes.empty()) {
    return refuse(options, kEINVAL, request.wishes.front().name + ": the permissions of a jail are set from outside it");
  }
  outcome = check_listing(options, request.jail);
  if (outcome.failed()) return outcome;
  if (enter) return system.jail(request.jail);
  const Outcome made = system.hold(request.jail);
  if (made.failed()) return made;
  const int jid = static_cast<int>(made.value);
  outcome = set_wishes(system, options, jid, request.wishes);
  if (outcome.failed()) system.end_processes(jid);
  return outcome;
}

Outcome update_jail(System& system, Options& options) {
  ListedJail jail;
  const Outcome found = find_asked(system, options, false, jail);
  if (found.failed()) return found;
  const std::vector<Permission> permissions =
      jail.jid < kFirstUnnamed ? jail_permissions(system, jail.jid) : default_permissions(system);
  std::vector<Wish> wishes;
  for (const Option& option : options.all()) {
    const std::string_view name = option.name;
    if (name == "errmsg" || name == "jid") continue;
    if (name == "name") {
      // The key; as a new value it is what the jail is called already.
      if (option.terminated() && option.text() == std::to_string(jail.jid)) continue;
      return refuse(options, kEINVAL, why_fixed(name));
    }
    if (is_parameter(name)) return refuse(options, kEINVAL, why_fixed(name));
    if (name == "persist" || name == "nopersist") return refuse(options, kEINVAL, "persist: " + why_fixed("persist"));
    if (!take_wish(permissions, name, wishes)) return refuse_unknown(options, name);
  }
  return set_wishes(system, options, jail.jid, wishes);
}

}  // namespace bsdjail::dragonfly

#include "sysctl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>

#include "../../dragonfly/list.h"
#include "../../errno.h"
#include "calls.h"

namespace bsdjail::simulated {
namespace {

constexpr std::uint32_t kNodeType = 1;
constexpr std::uint32_t kInt = 2;
constexpr std::uint32_t kString = 3;
constexpr std::uint32_t kBit = 0x11;
constexpr std::uint32_t kRead = 0x80000000u;
constexpr std::uint32_t kWrite = 0xc0000000u;
constexpr std::string_view kDefaults = "jail.defaults.";
constexpr std::string_view kJail = "jail.";

// A permission's two names. Mounts have the same one in both places, made of the type of file system.
struct Names {
  std::string_view permission;
  std::string_view in_defaults;
  std::string_view in_jail;
  const char* description;
};
constexpr Names kNames[] = {
    {"allow.set_hostname", "set_hostname_allowed", "sys_set_hostname", "Jail may set its hostname"},
    {"allow.socket_af", "socket_unixiproute_only", "net_unixiproute", "Jail is limited to UNIX/IP/route sockets"},
    {"allow.sysvipc", "sysvipc_allowed", "sys_sysvipc", "Jail may use SYSV IPC"},
    {"allow.chflags", "chflags_allowed", "vfs_chflags", "Jail may alter system file flags"},
    {"allow.raw_sockets", "allow_raw_sockets", "net_raw_sockets", "Jail may create raw sockets"},
    {"allow.listen_override", "allow_listen_override", "allow_listen_override",
     "Jail may override the host's wildcard listeners"},
};

struct Leaf {
  std::string name;
  std::string description;
  bool inverted = false;
};

Leaf leaf_of(std::string_view permission, bool in_jail) {
  for (const Names& names : kNames) {
    if (names.permission != permission) continue;
    return {std::string(in_jail ? names.in_jail : names.in_defaults), names.description,
            permission == "allow.socket_af"};
  }
  const std::string type(permission.substr(std::string_view("allow.mount.").size()));
  return {"vfs_mount_" + type, "Jail may mount the " + type + " file system", false};
}

// The name of a jail's node is printed into room for five digits.
std::string node_of(const Prison& prison) { return std::to_string(prison.jid).substr(0, 5); }

// The permission that a leaf is about: its bit, and the word that holds it. Of two jails with one node's name it is the
// older one's.
bool find_bit(World& world, std::string_view name, std::uint64_t*& word, std::uint64_t& bit, bool& inverted) {
  if (name.substr(0, kJail.size()) != kJail) return false;
  const std::size_t dot = name.find('.', kJail.size());
  if (dot == std::string_view::npos) return false;
  const bool in_jail = name.substr(0, kDefaults.size()) != kDefaults;
  word = in_jail ? nullptr : &world.tunables.default_allow;
  if (in_jail) {
    for (Prison* prison : dragonfly_jails(world)) {
      if (node_of(*prison) == name.substr(kJail.size(), dot - kJail.size())) word = &prison->allow;
    }
  }
  if (word == nullptr) return false;
  for (std::size_t i = 0; i < world.permissions().size(); ++i) {
    const Leaf leaf = leaf_of(world.permissions()[i].name, in_jail);
    if (leaf.name != name.substr(dot + 1)) continue;
    bit = std::uint64_t{1} << i;
    inverted = leaf.inverted;
    return true;
  }
  return false;
}

std::string int_bytes(int number) { return {reinterpret_cast<const char*>(&number), sizeof(number)}; }

// As the kernel writes it: lower case, the first run of zeros left out, even one alone.
std::string ip6_text(std::string_view bytes) {
  std::string text;
  enum { kBefore, kInside, kAfter } zeros = kBefore;
  for (int i = 0; i < 8; ++i) {
    const unsigned word = static_cast<unsigned char>(bytes[2 * i]) * 256u + static_cast<unsigned char>(bytes[2 * i + 1]);
    if (zeros == kInside && word == 0 && i < 7) continue;
    if (zeros == kInside) {
      zeros = kAfter;
      if (word == 0) break;
    } else if (zeros == kBefore && word == 0) {
      text += i == 0 ? "::" : ":";
      zeros = kInside;
      continue;
    }
    char digits[8];
    std::snprintf(digits, sizeof(digits), "%x", word);
    text += digits;
    if (i < 7) text += ':';
  }
  return text;
}

int list_value(World& world, std::string& text) {
  const std::vector<Prison*> jails = dragonfly_jails(world);
  const std::size_t room = jails.size() * dragonfly::kListRoom;
  for (const Prison* prison : jails) {
    if (!text.empty()) text += '\n';
    text += std::to_string(prison->jid) + " " + prison->hostname + " " + prison->path;
    const std::string_view mixed = prison->mixed;
    for (std::size_t at = 0; at < mixed.size();) {
      const std::size_t size = mixed[at] == 4 ? 4 : 16;
      const std::string_view bytes = mixed.substr(at + 1, size);
      char ip4[INET_ADDRSTRLEN] = "";
      if (size == 4) inet_ntop(AF_INET, bytes.data(), ip4, sizeof(ip4));
      const std::string address = size == 4 ? ip4 : ip6_text(bytes);
      if (text.size() > room || room - text.size() < address.size() + 1) return kERANGE;
      text += " " + address;
      at += size + 1;
    }
    if (text.size() > room) return kERANGE;
  }
  return 0;
}

struct SystemLeaf {
  const char* name;
  std::uint32_t kind;
  const char* description;
};
constexpr SystemLeaf kSystemLeaves[] = {
    {"kern.ostype", kRead | kString, "Operating system type"},
    {"kern.osrelease", kRead | kString, "Operating system release"},
    {"kern.osreldate", kRead | kInt, "Kernel release date"},
    {"kern.hostname", kWrite | kString, "Hostname"},
    {"kern.domainname", kRead | kString, "Name of the current YP/NIS domain"},
    {"kern.securelevel", kRead | kInt, "Current secure level"},
    {"kern.chroot_allow_open_directories", kRead | kInt, "Whether a process with open directories may chroot"},
};

int system_value(const World& world, const Process& caller, std::string_view name, std::string& value) {
  const auto text = [&value](std::string_view words) {
    value = std::string(words) + '\0';
    return 0;
  };
  const Prison& host = world.prisons().host();
  if (name == "kern.ostype") return text("DragonFly");
  if (name == "kern.osrelease") return text(host.osrelease);
  if (name == "kern.hostname") return text(caller.prison->hostname);
  if (name == "kern.domainname") return text(host.domainname);
  if (name == "kern.osreldate") value = int_bytes(host.osreldate);
  if (name == "kern.securelevel") value = int_bytes(host.securelevel);
  if (name == "kern.chroot_allow_open_directories") value = int_bytes(1);
  return value.empty() ? kENOENT : 0;
}

}  // namespace

std::vector<SysctlNode> dragonfly_nodes(World& world) {
  std::vector<SysctlNode> nodes;
  const auto add_permissions = [&](const std::string& prefix, bool in_jail) {
    for (const Permission& permission : world.permissions()) {
      Leaf leaf = leaf_of(permission.name, in_jail);
      nodes.push_back({prefix + leaf.name, kWrite | kBit, "I", std::move(leaf.description)});
    }
  };
  add_permissions(std::string(kDefaults), false);
  nodes.push_back({"jail.list", kRead | kString, "A", "List of active jails"});
  nodes.push_back({"jail.jailed", kRead | kInt, "I", "Process in jail?"});
  std::map<std::uint64_t, std::string> by_age;
  for (const Prison* prison : dragonfly_jails(world)) by_age[prison->serial] = node_of(*prison);
  std::map<std::string, bool> done;
  for (const auto& [serial, node] : by_age) {
    if (done.emplace(node, true).second) add_permissions(std::string(kJail) + node + ".", true);
  }
  for (const SystemLeaf& leaf : kSystemLeaves) {
    nodes.push_back({leaf.name, leaf.kind, (leaf.kind & 0xf) == kString ? "A" : "I", leaf.description});
  }
  return nodes;
}

bool dragonfly_describe(World& world, std::string_view name, SysctlNode& node) {
  const std::string below = std::string(name) + ".";
  for (SysctlNode& each : dragonfly_nodes(world)) {
    if (each.name == name) {
      node = std::move(each);
      return true;
    }
    if (std::string_view(each.name).substr(0, below.size()) != below) continue;
    node = {std::string(name), kRead | kNodeType, "N", ""};
    return true;
  }
  return false;
}

int dragonfly_read(World& world, const Process& caller, std::string_view name, std::string& value) {
  const bool jailed = caller.prison != &world.prisons().host();
  if (name == "jail.list") return jailed ? 0 : list_value(world, value);
  if (name == "jail.jailed") {
    value = int_bytes(jailed ? 1 : 0);
    return 0;
  }
  std::uint64_t* word = nullptr;
  std::uint64_t bit = 0;
  bool inverted = false;
  if (!find_bit(world, name, word, bit, inverted)) return system_value(world, caller, name, value);
  value = int_bytes(((*word & bit) != 0) != inverted ? 1 : 0);
  return 0;
}

int dragonfly_write(World& world, const Process& caller, std::string_view name, const void* value, std::size_t length) {
  const bool jailed = caller.prison != &world.prisons().host();
  if (caller.uid != 0) return kEPERM;
  if (name == "kern.hostname") {
    // The one that a jail may set, where it may.
    if (jailed && (caller.prison->allow & world.permission("allow.set_hostname")) == 0) return kEPERM;
    if (length >= kMaxHostName) return kEINVAL;
    const std::string_view text(static_cast<const char*>(value), length);
    caller.prison->hostname = text.substr(0, text.find('\0'));
    world.dirty = true;
    return 0;
  }
  if (jailed) return kEPERM;
  std::uint64_t* word = nullptr;
  std::uint64_t bit = 0;
  bool inverted = false;
  if (!find_bit(world, name, word, bit, inverted)) return kEPERM;
  std::int32_t number = 0;
  if (length != sizeof(number)) return kEINVAL;
  std::memcpy(&number, value, sizeof(number));
  *word = (number != 0) != inverted ? *word | bit : *word & ~bit;
  world.dirty = true;
  return 0;
}

}  // namespace bsdjail::simulated

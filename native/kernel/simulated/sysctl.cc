#include "sysctl.h"

#include <cstring>
#include <unordered_map>

#include "../errno.h"
#include "metadata.h"
#include "sysctl_table.h"

namespace bsdjail::simulated {
namespace {

constexpr std::string_view kParameters = "security.jail.param.";
constexpr std::string_view kJail = "security.jail.";
constexpr std::size_t kParameterText = 12;

// struct xprison, version 3: what security.jail.list holds for each jail, its addresses after it.
struct ListedPrison {
  std::int32_t version;
  std::int32_t jid;
  std::int32_t state;
  std::int32_t cpuset;
  char path[kMaxPath];
  char hostname[kMaxHostName];
  char name[kMaxHostName];
  std::uint32_t ip4_count;
  std::uint32_t ip6_count;
};
static_assert(sizeof(ListedPrison) == 16 + 1024 + 256 + 256 + 8);

std::string int_value(std::int64_t number, std::size_t size) {
  std::string value(size, '\0');
  const std::int32_t narrow = static_cast<std::int32_t>(number);
  if (size == sizeof(narrow)) {
    std::memcpy(value.data(), &narrow, size);
  } else {
    std::memcpy(value.data(), &number, size);
  }
  return value;
}

std::string text_value(std::string_view text) { return std::string(text) + '\0'; }

void copy_text(char* to, std::size_t room, std::string_view text) {
  std::memcpy(to, text.data(), std::min(room - 1, text.size()));
}

std::string list_value(World& world, const Prison& mine) {
  std::string value;
  std::size_t most[2] = {0, 0};
  std::string addresses[2];
  for_each_below(mine, [&](const Prison& prison) {
    ListedPrison listed{};
    listed.version = 3;
    listed.jid = prison.jid;
    listed.state = static_cast<std::int32_t>(prison.state);
    copy_text(listed.path, sizeof(listed.path), seen_path(mine, prison));
    copy_text(listed.hostname, sizeof(listed.hostname), prison.hostname);
    copy_text(listed.name, sizeof(listed.name), seen_name(mine, prison, world.prisons().host()));
    std::size_t counts[2];
    for (int i = 0; i < 2; ++i) {
      const Addresses& list = prison.addresses[i];
      counts[i] = list.count();
      // From 14 on the kernel gives the largest count so far, and with it what is left of earlier jails' addresses.
      most[i] = std::max(most[i], counts[i]);
      const std::size_t size = address_size(kFamilies[i]);
      addresses[i].resize(most[i] * size);
      addresses[i].replace(0, list.bytes().size(), list.bytes());
      if (world.release().number >= 1400) counts[i] = most[i];
    }
    listed.ip4_count = static_cast<std::uint32_t>(counts[0]);
    listed.ip6_count = static_cast<std::uint32_t>(counts[1]);
    value.append(reinterpret_cast<const char*>(&listed), sizeof(listed));
    for (int i = 0; i < 2; ++i) value.append(addresses[i], 0, counts[i] * address_size(kFamilies[i]));
    return true;
  });
  return value;
}

// The permission that one of the older settings of the host is about.
std::string permission_of(std::string_view setting, bool& inverted) {
  inverted = setting == "socket_unixiproute_only";
  if (inverted) return "allow.socket_af";
  if (setting == "allow_raw_sockets") return "allow.raw_sockets";
  constexpr std::string_view kSuffix = "_allowed";
  if (setting.size() <= kSuffix.size() || setting.substr(setting.size() - kSuffix.size()) != kSuffix) return {};
  setting.remove_suffix(kSuffix.size());
  if (setting.substr(0, 6) == "mount_") return "allow.mount." + std::string(setting.substr(6));
  return "allow." + std::string(setting);
}

std::string parameter_value(const World& world, const SysctlNode& node) {
  const std::string_view name = std::string_view(node.name).substr(kParameters.size());
  switch (node.kind & kSysctlTypeMask) {
    case kString: {
      const bool metadata = name == "meta" || name == "env";
      const std::size_t size = metadata                ? world.tunables.meta_reported
                               : name == "path"        ? kMaxPath
                               : name == "osrelease"   ? kMaxOsRelease
                               : name == "host.hostuuid" ? kMaxUuid
                                                         : kMaxHostName;
      return text_value(std::to_string(size));
    }
    case kOpaque:
      return int_value(name == "ip4.addr" ? 4 : 16, sizeof(std::uint64_t));
    case kUlong:
      return int_value(0, sizeof(std::uint64_t));
    default:
      return int_value(0, sizeof(std::int32_t));
  }
}

bool jail_value(World& world, const Prison& mine, std::string_view name, std::string& value) {
  const bool host = &mine == &world.prisons().host();
  const Tunables& tunables = world.tunables;
  const auto number = [&](std::int64_t n) {
    value = int_value(n, sizeof(std::int32_t));
    return true;
  };
  bool inverted = false;
  const std::string permission = permission_of(name, inverted);
  if (!permission.empty()) {
    const std::uint64_t allowed = host ? tunables.default_allow : mine.allow;
    return number(((allowed & world.permission(permission)) != 0) != inverted);
  }
  if (name == "env") {
    value = text_value(metadata_text(mine.env));
    return true;
  }
  if (name == "list") {
    value = list_value(world, mine);
    return true;
  }
  if (name == "meta_maxbufsize") return number(tunables.meta_max);
  if (name == "jail_max_af_ips") return number(tunables.max_addresses);
  if (name == "children.cur") return number(mine.child_count);
  if (name == "children.max") return number(mine.child_max);
  if (name == "devfs_ruleset") return number(host ? tunables.default_devfs_ruleset : mine.devfs_ruleset);
  if (name == "enforce_statfs") return number(host ? tunables.default_enforce_statfs : mine.enforce_statfs);
  if (name == "vnet") return number(!host && mine.has(kVnet));
  if (name == "jailed") return number(!host);
  return false;
}

bool system_value(World& world, const Prison& mine, std::string_view name, std::string& value) {
  const auto text = [&](std::string_view words) {
    value = text_value(words);
    return true;
  };
  const auto number = [&](std::int64_t n) {
    value = int_value(n, sizeof(std::int32_t));
    return true;
  };
  if (name == "security.bsd.suser_enabled") return number((mine.allow & world.permission("allow.suser")) != 0);
  if (name == "kern.ostype") return text("FreeBSD");
  if (name == "kern.osrelease") return text(mine.osrelease);
  if (name == "kern.osreldate") return number(mine.osreldate);
  if (name == "kern.hostname") return text(mine.hostname);
  if (name == "kern.domainname") return text(mine.domainname);
  if (name == "kern.hostuuid") return text(mine.hostuuid);
  if (name == "kern.securelevel") return number(mine.securelevel);
  if (name == "kern.racct.enable") return number(world.accounts ? 1 : 0);
  if (name == "kern.hostid") {
    value = int_value(static_cast<std::int64_t>(mine.hostid), sizeof(std::uint64_t));
    return true;
  }
  return name.substr(0, 14) == "kern.features." && number(1);
}

}  // namespace

std::vector<SysctlNode> sysctl_nodes(const Release& release) {
  std::vector<SysctlNode> nodes;
  const auto add = [&](const SysctlRow& row, std::string_view type) {
    SysctlNode node{row.name, row.kind, row.format, row.description};
    for (std::string* text : {&node.name, &node.description}) {
      const std::size_t at = text->find('%');
      if (at != std::string::npos) text->replace(at, 1, type);
    }
    nodes.push_back(std::move(node));
  };
  const auto types = mountable(release);
  for (const SysctlRow& row : kSysctlRows) {
    if (release.number < row.since) continue;
    if (std::strchr(row.name, '%') == nullptr) {
      add(row, {});
    } else {
      // What was added last is listed first.
      for (auto type = types.rbegin(); type != types.rend(); ++type) add(row, *type);
    }
  }
  return nodes;
}

bool sysctl_read(World& world, const Process& caller, const SysctlNode& node, std::string& value) {
  const std::string_view name = node.name;
  if (name.substr(0, kParameters.size()) == kParameters) {
    value = parameter_value(world, node);
    return true;
  }
  if (name.substr(0, kJail.size()) == kJail) {
    return jail_value(world, *caller.prison, name.substr(kJail.size()), value);
  }
  return system_value(world, *caller.prison, name, value);
}

int sysctl_write(World& world, Prison& mine, const SysctlNode& node, const void* value, std::size_t length) {
  const std::string_view name = node.name;
  if (name.substr(0, kParameters.size()) == kParameters) {
    // It only describes the parameter, and has a buffer of its own for what is written to a text.
    return (node.kind & kSysctlTypeMask) == kString && length >= kParameterText ? kEINVAL : 0;
  }
  std::int32_t number = 0;
  if (length < sizeof(number)) return kEINVAL;
  std::memcpy(&number, value, sizeof(number));
  world.dirty = true;
  if (name == "security.bsd.suser_enabled") {
    const std::uint64_t bit = world.permission("allow.suser");
    mine.allow = number != 0 ? mine.allow | bit : mine.allow & ~bit;
    if (number == 0) {
      for_each_below(mine, [bit](Prison& below) {
        below.allow &= ~bit;
        return true;
      });
    }
    return 0;
  }
  const std::string_view setting = name.substr(kJail.size());
  Tunables& tunables = world.tunables;
  bool inverted = false;
  const std::string permission = permission_of(setting, inverted);
  if (!permission.empty()) {
    const std::uint64_t bit = world.permission(permission);
    const bool allowed = (number != 0) != inverted;
    tunables.default_allow = allowed ? tunables.default_allow | bit : tunables.default_allow & ~bit;
  } else if (setting == "enforce_statfs") {
    tunables.default_enforce_statfs = number;
  } else if (setting == "jail_max_af_ips") {
    tunables.max_addresses = static_cast<std::uint32_t>(number);
  } else if (setting == "meta_maxbufsize") {
    tunables.meta_max = static_cast<std::uint32_t>(number);
    // What is told as the size of meta and env does not shrink while there are jails that may hold longer ones.
    if (tunables.meta_max >= tunables.meta_reported || world.prisons().empty()) {
      tunables.meta_reported = tunables.meta_max;
    }
  }
  return 0;
}

}  // namespace bsdjail::simulated

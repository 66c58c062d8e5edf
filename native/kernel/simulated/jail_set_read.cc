#include <cstring>

#include "../errno.h"
#include "jail_set.h"
#include "paths.h"

namespace bsdjail::simulated {
namespace {

constexpr int kDescriptorFlags = kJailUseDesc | kJailAtDesc | kJailGetDesc | kJailOwnDesc;
enum JailSys { kDisable = 0, kNew = 1, kInherit = 2 };

}  // namespace

int JailSet::read_descriptor() {
  const int error = options_.copy("desc", &descriptor_in_, sizeof(descriptor_in_));
  if (error == kENOENT) {
    if (!given(kDescriptorFlags)) return 0;
    options_.error("missing desc");
    return kENOENT;
  }
  if (error != 0) return error;
  if (!given(kDescriptorFlags)) {
    options_.error("unexpected desc");
    return kEINVAL;
  }
  if (given(kJailAtDesc)) {
    std::shared_ptr<Descriptor> at;
    const int found = world_.find_descriptor(caller_, descriptor_in_, at);
    if (found != 0) {
      options_.error("%s", found == kENOENT ? "descriptor to dead jail" : "not a jail descriptor");
      return found;
    }
    mine_ = at->prison;
    if (given(kJailCreate) && mine_->child_max == 0) return kEPERM;
  }
  if (given(kJailGetDesc | kJailOwnDesc)) {
    int fd = -1;
    const int opened = world_.open_descriptor(caller_, given(kJailOwnDesc), fd);
    if (opened != 0) return opened;
    descriptor_out_ = fd;
  }
  return 0;
}

int JailSet::read_int(std::string_view name, std::optional<int>& value) {
  int read = 0;
  const int error = options_.copy(name, &read, sizeof(read));
  if (error == kENOENT) return 0;
  if (error == 0) value = read;
  return error;
}

int JailSet::read_parameters() {
  std::optional<int> jid;
  if (int error = read_int("jid", jid)) return error;
  jid_ = jid.value_or(0);
  if (int error = read_int("securelevel", securelevel_)) return error;
  if (int error = read_int("children.max", child_max_)) return error;
  if (int error = read_int("enforce_statfs", enforce_statfs_)) return error;
  if (enforce_statfs_ && (*enforce_statfs_ < 0 || *enforce_statfs_ > 2)) return kEINVAL;
  if (int error = read_int("devfs_ruleset", devfs_ruleset_)) return error;
  if (int error = read_flags()) return error;
  if (int error = read_names()) return error;
  if (int error = read_addresses()) return error;
  if (int error = read_system()) return error;
  return read_path();
}

int JailSet::read_flags() {
  struct Boolean {
    const char* name;
    const char* no_name;
    std::uint32_t flag;
  };
  static constexpr Boolean kBooleans[] = {{"persist", "nopersist", kPersist},
                                          {"ip4.saddrsel", "ip4.nosaddrsel", kIp4Saddrsel},
                                          {"ip6.saddrsel", "ip6.nosaddrsel", kIp6Saddrsel}};
  for (const Boolean& row : kBooleans) {
    if (options_.flag(row.name)) set_flags_ |= row.flag;
    if (options_.flag(row.no_name)) changed_flags_ |= row.flag;
  }
  changed_flags_ |= set_flags_;

  struct Mode {
    const char* name;
    std::uint32_t disable;  // 0: it cannot be disabled
    std::uint32_t make;
  };
  static constexpr Mode kModes[] = {
      {"host", 0, kHost}, {"vnet", 0, kVnet}, {"ip4", kIp4User, kIp4User}, {"ip6", kIp6User, kIp6User}};
  for (const Mode& row : kModes) {
    int mode = 0;
    const int error = options_.copy(row.name, &mode, sizeof(mode));
    if (error == kENOENT) continue;
    if (error != 0) return error;
    if (mode == kDisable && row.disable != 0) {
      set_flags_ |= row.disable;
    } else if (mode == kNew) {
      set_flags_ |= row.make;
    } else if (mode != kInherit) {
      return kEINVAL;
    }
    changed_flags_ |= row.make | row.disable;
  }

  if (given(kJailCreate) && !given(kJailAttach) && (set_flags_ & kPersist) == 0) {
    options_.error("new jail must persist or attach");
    return kEINVAL;
  }
  if (given(kJailUpdate)) {
    for (const Mode& row : {kModes[1], kModes[2], kModes[3]}) {
      if (!changes(row.make)) continue;
      options_.error("%s cannot be changed after creation", row.name);
      return kEINVAL;
    }
  }

  const auto& permissions = world_.permissions();
  for (std::size_t i = 0; i < permissions.size(); ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (options_.flag(permissions[i].name)) set_allow_ |= bit;
    if (options_.flag(permissions[i].no_name)) changed_allow_ |= bit;
  }
  changed_allow_ |= set_allow_;
  return 0;
}

int JailSet::read_text(std::string_view name, std::size_t limit, bool host, std::optional<std::string_view>& text) {
  const Option* option = options_.find(name);
  if (option == nullptr) return 0;
  if (host) {
    changed_flags_ |= kHost;
    set_flags_ |= kHost;
  }
  if (!option->terminated()) return kEINVAL;
  // The length that was given counts, not that of the text before its NUL.
  if (static_cast<std::size_t>(option->length) > limit) return kENAMETOOLONG;
  text = option->text();
  return 0;
}

int JailSet::read_names() {
  if (int error = read_text("name", kMaxHostName, false, name_)) return error;
  if (int error = read_text("host.hostname", kMaxHostName, true, hostname_)) return error;
  if (int error = read_text("host.domainname", kMaxHostName, true, domainname_)) return error;
  if (int error = read_text("host.hostuuid", kMaxUuid, true, hostuuid_)) return error;
  std::uint64_t hostid = 0;
  const int error = options_.copy("host.hostid", &hostid, sizeof(hostid));
  if (error == kENOENT) return 0;
  if (error != 0) return error;
  hostid_ = hostid;
  changed_flags_ |= kHost;
  set_flags_ |= kHost;
  return 0;
}

int JailSet::read_addresses() {
  for (Family family : kFamilies) {
    const bool ip4 = family == Family::kIp4;
    const Option* option = options_.find(ip4 ? "ip4.addr" : "ip6.addr");
    if (option == nullptr) continue;
    const std::size_t size = address_size(family);
    const std::size_t length = static_cast<std::size_t>(option->length);
    if (length % size != 0) return kEINVAL;
    changed_flags_ |= user_flag(family);
    set_flags_ |= user_flag(family);
    if (length == 0) continue;
    if (length / size > world_.tunables.max_addresses) {
      options_.error("too many %s addresses", ip4 ? "IPv4" : "IPv6");
      return kEINVAL;
    }
    if (!addresses_[static_cast<int>(family)].take(option->bytes())) return kEINVAL;
  }
  if (changes(kVnet) && changes(kIp4User | kIp6User)) {
    options_.error("vnet jails cannot have IP address restrictions");
    return kEINVAL;
  }
  return 0;
}

int JailSet::read_system() {
  if (const Option* option = options_.find("osrelease")) {
    if (given(kJailUpdate)) {
      options_.error("osrelease cannot be changed after creation");
      return kEINVAL;
    }
    if (!option->terminated()) return kEINVAL;
    if (static_cast<std::size_t>(option->length) >= kMaxOsRelease) {
      options_.error("osrelease string must be 1-%d bytes long", static_cast<int>(kMaxOsRelease) - 1);
      return kENAMETOOLONG;
    }
    osrelease_ = option->text();
  }
  const int error = options_.copy("osreldate", &osreldate_, sizeof(osreldate_));
  if (error == kENOENT) return 0;
  if (error != 0) return error;
  if (given(kJailUpdate)) {
    options_.error("osreldate cannot be changed after creation");
    return kEINVAL;
  }
  if (osreldate_ == 0) {
    options_.error("osreldate cannot be 0");
    return kEINVAL;
  }
  return 0;
}

int JailSet::read_path() {
  const Option* option = options_.find("path");
  if (option == nullptr) return 0;
  if (given(kJailUpdate)) {
    options_.error("path cannot be changed after creation");
    return kEINVAL;
  }
  if (!option->terminated()) return kEINVAL;
  std::string resolved;
  // The caller's own root counts, also where it creates below another jail by descriptor.
  const bool jailed = caller_.prison != &prisons_.host();
  const int error = resolve_directory(world_.paths, caller_.prison->root, jailed, option->text(), resolved);
  if (error == 0) root_ = std::move(resolved);
  return error;
}

unsigned long parse_number(std::string_view text, std::string_view& rest) {
  std::size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t digits = at;
  unsigned long value = 0;
  bool overflow = false;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    const unsigned long digit = static_cast<unsigned long>(text[at] - '0');
    if (value > (~0ul - digit) / 10) overflow = true;
    value = value * 10 + digit;
  }
  rest = at == digits ? text : text.substr(at);
  if (overflow) return ~0ul;
  return negative ? 0 - value : value;
}

}  // namespace bsdjail::simulated

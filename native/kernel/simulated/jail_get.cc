// jail_get(2): finding the jail, then filling in what was asked for.
#include <cstring>
#include <unordered_map>

#include "../errno.h"
#include "metadata.h"
#include "world.h"

namespace bsdjail::simulated {
namespace {

constexpr int kGetMask = kJailDying;
constexpr int kGetMaskWithDescriptors = kJailDying | kJailUseDesc | kJailAtDesc | kJailGetDesc | kJailOwnDesc;

// Every parameter by its name. What needs the release or the list of permissions is found in the world instead.
enum class Field {
  kJid, kParent, kName, kCpuset, kPath, kIp4Addr, kIp6Addr, kSecurelevel, kChildrenCur, kChildrenMax, kHostname,
  kDomainname, kHostuuid, kHostid, kEnforceStatfs, kDevfsRuleset, kPersist, kNoPersist, kIp4Saddrsel, kIp4NoSaddrsel,
  kIp6Saddrsel, kIp6NoSaddrsel, kHost, kVnet, kIp4, kIp6, kDying, kNoDying, kOsreldate, kOsrelease, kSysvShm, kSysvSem,
  kSysvMsg,
};

const std::unordered_map<std::string_view, Field>& fields() {
  static const std::unordered_map<std::string_view, Field> kFields = {
      {"jid", Field::kJid}, {"parent", Field::kParent}, {"name", Field::kName}, {"cpuset.id", Field::kCpuset},
      {"path", Field::kPath}, {"ip4.addr", Field::kIp4Addr}, {"ip6.addr", Field::kIp6Addr},
      {"securelevel", Field::kSecurelevel}, {"children.cur", Field::kChildrenCur},
      {"children.max", Field::kChildrenMax}, {"host.hostname", Field::kHostname},
      {"host.domainname", Field::kDomainname}, {"host.hostuuid", Field::kHostuuid}, {"host.hostid", Field::kHostid},
      {"enforce_statfs", Field::kEnforceStatfs}, {"devfs_ruleset", Field::kDevfsRuleset},
      {"persist", Field::kPersist}, {"nopersist", Field::kNoPersist}, {"ip4.saddrsel", Field::kIp4Saddrsel},
      {"ip4.nosaddrsel", Field::kIp4NoSaddrsel}, {"ip6.saddrsel", Field::kIp6Saddrsel},
      {"ip6.nosaddrsel", Field::kIp6NoSaddrsel}, {"host", Field::kHost}, {"vnet", Field::kVnet}, {"ip4", Field::kIp4},
      {"ip6", Field::kIp6}, {"dying", Field::kDying}, {"nodying", Field::kNoDying}, {"osreldate", Field::kOsreldate},
      {"osrelease", Field::kOsrelease}, {"sysvshm", Field::kSysvShm}, {"sysvsem", Field::kSysvSem},
      {"sysvmsg", Field::kSysvMsg},
  };
  return kFields;
}

int put_int(Option& option, int value) { return Options::put(option, &value, sizeof(value)); }

int put_addresses(Option& option, const Addresses& list) {
  return Options::put_part(option, list.bytes().data(), static_cast<int>(list.bytes().size()));
}

// disable 0, new 1, inherit 2; what `disable` and `make` have in common reads as disabled.
int mode(const Prison& prison, std::uint32_t disable, std::uint32_t make) {
  const std::uint32_t set = prison.flags & (disable | make);
  return set != 0 && set == disable ? 0 : set == make ? 1 : 2;
}

int sysv_mode(const Prison& prison, int kind) {
  return prison.sysv[kind] == nullptr ? 0 : prison.sysv[kind] == &prison ? 1 : 2;
}

int put_field(Option& option, Field field, const Prison& mine, const Prison& prison, const Prison& host) {
  switch (field) {
    case Field::kJid: return put_int(option, prison.jid);
    case Field::kParent: return put_int(option, prison.parent == &mine ? 0 : prison.parent->jid);
    case Field::kName: return Options::put_text(option, seen_name(mine, prison, host));
    case Field::kCpuset: return put_int(option, prison.cpuset);
    case Field::kPath: return Options::put_text(option, seen_path(mine, prison));
    case Field::kIp4Addr: return put_addresses(option, prison.list(Family::kIp4));
    case Field::kIp6Addr: return put_addresses(option, prison.list(Family::kIp6));
    case Field::kSecurelevel: return put_int(option, prison.securelevel);
    case Field::kChildrenCur: return put_int(option, prison.child_count);
    case Field::kChildrenMax: return put_int(option, prison.child_max);
    case Field::kHostname: return Options::put_text(option, prison.hostname);
    case Field::kDomainname: return Options::put_text(option, prison.domainname);
    case Field::kHostuuid: return Options::put_text(option, prison.hostuuid);
    case Field::kHostid: return Options::put(option, &prison.hostid, sizeof(prison.hostid));
    case Field::kEnforceStatfs: return put_int(option, prison.enforce_statfs);
    case Field::kDevfsRuleset: return put_int(option, prison.devfs_ruleset);
    case Field::kPersist: return put_int(option, prison.has(kPersist));
    case Field::kNoPersist: return put_int(option, !prison.has(kPersist));
    case Field::kIp4Saddrsel: return put_int(option, prison.has(kIp4Saddrsel));
    case Field::kIp4NoSaddrsel: return put_int(option, !prison.has(kIp4Saddrsel));
    case Field::kIp6Saddrsel: return put_int(option, prison.has(kIp6Saddrsel));
    case Field::kIp6NoSaddrsel: return put_int(option, !prison.has(kIp6Saddrsel));
    case Field::kHost: return put_int(option, mode(prison, 0, kHost));
    case Field::kVnet: return put_int(option, mode(prison, 0, kVnet));
    case Field::kIp4: return put_int(option, mode(prison, kIp4User, kIp4User));
    case Field::kIp6: return put_int(option, mode(prison, kIp6User, kIp6User));
    case Field::kDying: return put_int(option, !prison.alive());
    case Field::kNoDying: return put_int(option, prison.alive());
    case Field::kOsreldate: return put_int(option, prison.osreldate);
    case Field::kOsrelease: return Options::put_text(option, prison.osrelease);
    case Field::kSysvShm: return put_int(option, sysv_mode(prison, kShm));
    case Field::kSysvSem: return put_int(option, sysv_mode(prison, kSem));
    case Field::kSysvMsg: return put_int(option, sysv_mode(prison, kMsg));
  }
  return kEINVAL;
}

class JailGet {
 public:
  JailGet(World& world, Process& caller, Options& options, int flags)
      : world_(world), caller_(caller), options_(options), flags_(flags), mine_(caller.prison) {}

  int run() {
    int error = find();
    if (error == 0 && prison_ != nullptr) error = fill();
    if (error != 0 && descriptor_ >= 0) world_.close(caller_, descriptor_);
    return error;
  }
  int jid() const { return prison_->jid; }

 private:
  bool given(int flag) const { return (flags_ & flag) != 0; }

  int refuse(int error, const char* text) {
    options_.error("%s", text);
    return error;
  }

  int find() {
    if (world_.release().descriptors()) {
      if (int error = find_by_descriptor()) return error;
      if (prison_ != nullptr) return 0;
    }
    int jid = 0;
    int error = options_.copy("lastjid", &jid, sizeof(jid));
    if (error == 0) {
      prison_ = world_.prisons().next(*mine_, jid, given(kJailDying));
      if (prison_ != nullptr) return 0;
      options_.error("no jail after %d", jid);
      return kENOENT;
    }
    if (error != kENOENT) return error;
    error = options_.copy("jid", &jid, sizeof(jid));
    if (error == 0 && jid != 0) {
      prison_ = world_.prisons().find_below(*mine_, jid);
      if (prison_ != nullptr && (prison_->alive() || given(kJailDying))) return 0;
      options_.error(prison_ != nullptr ? "jail %d is dying" : "jail %d not found", jid);
      return kENOENT;
    }
    if (error != 0 && error != kENOENT) return error;
    const Option* name = options_.find("name");
    if (name == nullptr) return refuse(kENOENT, "no jail specified");
    if (!name->terminated()) return kEINVAL;
    prison_ = world_.prisons().find_name(*mine_, name->text());
    if (prison_ != nullptr && (prison_->alive() || given(kJailDying))) return 0;
    options_.error(prison_ != nullptr ? "jail \"%s\" is dying" : "jail \"%s\" not found", name->value);
    return kENOENT;
  }

  int find_by_descriptor() {
    int fd = -1;
    const int error = options_.copy("desc", &fd, sizeof(fd));
    if (error == kENOENT) {
      return given(kJailAtDesc | kJailGetDesc | kJailOwnDesc) ? refuse(kENOENT, "missing desc") : 0;
    }
    if (error != 0) return error;
    if (!given(kJailUseDesc | kJailAtDesc | kJailGetDesc | kJailOwnDesc)) return refuse(kEINVAL, "unexpected desc");
    if (given(kJailUseDesc | kJailAtDesc)) {
      std::shared_ptr<Descriptor> from;
      const int found = world_.find_descriptor(caller_, fd, from);
      if (found != 0) return refuse(found, found == kENOENT ? "descriptor to dead jail" : "not a jail descriptor");
      if (given(kJailUseDesc)) {
        prison_ = from->prison;
        if (prison_->alive() || given(kJailDying)) return 0;
        options_.error("jail %d is dying", prison_->jid);
        return kENOENT;
      }
      mine_ = from->prison;
    }
    return given(kJailGetDesc | kJailOwnDesc) ? world_.open_descriptor(caller_, given(kJailOwnDesc), descriptor_) : 0;
  }

  int fill() {
    // The order in which the kernel fills parameters in cannot be seen: each can fail in one way only. Whether it knows
    // the name comes last.
    if (descriptor_ >= 0) {
      if (int error = put_int(*options_.find("desc"), descriptor_)) return error;
      world_.bind_descriptor(caller_, descriptor_, *prison_);
    }
    for (Option& option : options_.all()) {
      if (int error = fill_option(option)) return error;
    }
    for (Option& option : options_.all()) {
      if (option.seen || option.name == "errmsg") continue;
      std::optional<std::string_view> key;
      if (world_.release().metadata() && (metadata_option(option.name, "meta", key) ||
                                          metadata_option(option.name, "env", key)) && key) {
        // A key that is not there is told by a length of nothing.
        option.value = nullptr;
        option.length = 0;
        continue;
      }
      options_.error("unknown parameter: %s", std::string(option.name).c_str());
      return kEINVAL;
    }
    return 0;
  }

  int fill_option(Option& option) {
    const auto field = fields().find(option.name);
    if (field != fields().end()) {
      option.seen = true;
      return put_field(option, field->second, *mine_, *prison_, world_.prisons().host());
    }
    bool positive = true;
    const std::uint64_t bit = world_.permission_named(option.name, positive);
    if (bit != 0) {
      option.seen = true;
      return put_int(option, ((prison_->allow & bit) != 0) == positive);
    }
    if (!world_.release().metadata()) return 0;
    std::optional<std::string_view> key;
    if (metadata_option(option.name, "meta", key)) return read_metadata(prison_->meta, key, option);
    if (metadata_option(option.name, "env", key)) return read_metadata(prison_->env, key, option);
    return 0;
  }

  World& world_;
  Process& caller_;
  Options& options_;
  const int flags_;
  Prison* mine_;
  Prison* prison_ = nullptr;
  int descriptor_ = -1;
};

}  // namespace

Outcome World::jail_get(Process& caller, Options& options, int flags) {
  JailGet call(*this, caller, options, flags);
  const int error = call.run();
  return error != 0 ? Outcome::fail(error) : Outcome::ok(call.jid());
}

int World::get_mask() const { return release_.descriptors() ? kGetMaskWithDescriptors : kGetMask; }

}  // namespace bsdjail::simulated

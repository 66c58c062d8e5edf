#include "simulated_options.h"

#include <cmath>
#include <string>
#include <vector>

#include "../kernel/errno.h"

namespace bsdjail {
namespace {

[[noreturn]] void refuse(Napi::Env env, const std::string& name, const char* wanted) {
  throw Napi::TypeError::New(env, name + " must be " + wanted);
}

// The properties of one object, read by name and type.
class Properties {
 public:
  Properties(Napi::Value value, const std::string& name) : name_(name), object_(checked(value, name)) {}

  void read(const char* property, std::string& to) const {
    const Napi::Value value = object_.Get(property);
    if (value.IsUndefined()) return;
    if (!value.IsString()) refuse(object_.Env(), path(property), "a string");
    to = value.As<Napi::String>();
  }

  void read(const char* property, bool& to) const {
    const Napi::Value value = object_.Get(property);
    if (value.IsUndefined()) return;
    if (!value.IsBoolean()) refuse(object_.Env(), path(property), "a boolean");
    to = value.As<Napi::Boolean>();
  }

  void read(const char* property, int& to) const {
    const Napi::Value value = object_.Get(property);
    if (!value.IsUndefined()) to = static_cast<int>(number(value, property, -2147483648.0, 2147483647.0));
  }

  void read(const char* property, std::int64_t& to) const {
    const Napi::Value value = object_.Get(property);
    if (!value.IsUndefined()) to = static_cast<std::int64_t>(number(value, property, 0, 9007199254740991.0));
  }

  void read(const char* property, std::uint64_t& to) const {
    const Napi::Value value = object_.Get(property);
    if (value.IsUndefined()) return;
    bool lossless = value.IsBigInt();
    if (lossless) to = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) refuse(object_.Env(), path(property), "a bigint from 0 to 2^64 - 1");
  }

  void read(const char* property, std::vector<std::string>& to) const {
    for (const Napi::Value& item : items(property)) {
      if (!item.IsString()) refuse(object_.Env(), path(property), "an array of strings");
      to.push_back(item.As<Napi::String>());
    }
  }

  void read(const char* property, std::vector<int>& to) const {
    for (const Napi::Value& item : items(property)) to.push_back(static_cast<int>(number(item, property, 0, 128)));
  }

  std::vector<Napi::Value> items(const char* property) const {
    std::vector<Napi::Value> items;
    const Napi::Value value = object_.Get(property);
    if (value.IsUndefined()) return items;
    if (!value.IsArray()) refuse(object_.Env(), path(property), "an array");
    const Napi::Array array = value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) items.push_back(array.Get(i));
    return items;
  }

  Napi::Value get(const char* property) const { return object_.Get(property); }
  std::string path(const char* property) const { return name_ + "." + property; }

 private:
  static Napi::Object checked(Napi::Value value, const std::string& name) {
    if (!value.IsObject()) refuse(value.Env(), name, "an object");
    return value.As<Napi::Object>();
  }

  double number(Napi::Value value, const char* property, double least, double most) const {
    const double given = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    if (!(given >= least && given <= most) || given != std::trunc(given)) {
      refuse(object_.Env(), path(property), "an integer in its range");
    }
    return given;
  }

  std::string name_;
  Napi::Object object_;
};

SimulatedFault fault_of(Napi::Value value, const std::string& name) {
  const Properties from(value, name);
  SimulatedFault fault;
  std::string code;
  from.read("call", fault.call);
  from.read("nth", fault.nth);
  from.read("code", code);
  from.read("message", fault.message);
  from.read("repeat", fault.repeat);
  fault.error = errno_number(code);
  if (fault.error == 0) refuse(value.Env(), from.path("code"), "the name of a FreeBSD errno");
  return fault;
}

SimulatedPaths paths_of(Napi::Value value) {
  if (value.IsString() && value.As<Napi::String>().Utf8Value() == "freebsd") return SimulatedPaths::freebsd();
  const Properties from(value, "options.paths");
  SimulatedPaths paths;
  from.read("any", paths.any);
  from.read("directories", paths.directories);
  from.read("files", paths.files);
  return paths;
}

}  // namespace

SimulatedOptions options_argument(const Napi::CallbackInfo& info, std::size_t index) {
  const Properties from(info[index], "options");
  SimulatedOptions options;
  from.read("release", options.release);
  from.read("stateFile", options.state_file);
  from.read("hostname", options.hostname);
  from.read("domainname", options.domainname);
  from.read("hostuuid", options.hostuuid);
  from.read("hostid", options.hostid);
  from.read("osrelease", options.osrelease);
  from.read("osreldate", options.osreldate);
  from.read("racct", options.accounts);
  from.read("lastJid", options.last_jid);
  from.read("lastDeadJid", options.last_dead_jid);
  from.read("firstDescriptor", options.first_descriptor);
  if (!from.get("paths").IsUndefined()) options.paths = paths_of(from.get("paths"));
  for (const Napi::Value& fault : from.items("faults")) options.faults.push_back(fault_of(fault, "fault"));
  return options;
}

SimulatedProcess process_argument(const Napi::CallbackInfo& info, std::size_t index) {
  const Properties from(info[index], "process");
  SimulatedProcess process;
  from.read("jid", process.jid);
  from.read("uid", process.uid);
  from.read("user", process.user);
  from.read("command", process.command);
  from.read("ignores", process.ignores);
  from.read("pid", process.pid);
  from.read("hostPid", process.host_pid);
  from.read("startedMs", process.started_ms);
  from.read("attaches", process.attaches);
  return process;
}

SimulatedFault fault_argument(const Napi::CallbackInfo& info, std::size_t index) { return fault_of(info[index], "fault"); }

}  // namespace bsdjail

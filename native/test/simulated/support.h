// What tests of the simulated kernel have in common: machines, and parameter lists that are easy to write.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../../kernel/errno.h"
#include "../../kernel/simulated/simulated.h"
#include "check.h"

namespace bsdjail::test {

inline std::shared_ptr<SimulatedMachine> machine_of(const SimulatedOptions& options) {
  std::string problem;
  auto machine = SimulatedMachine::open(options, problem);
  if (machine == nullptr) fail(__FILE__, __LINE__, problem);
  return machine;
}

inline std::shared_ptr<SimulatedMachine> machine_of(const std::string& release = "15.1") {
  SimulatedOptions options;
  options.release = release;
  return machine_of(options);
}

// A parameter list that keeps its bytes, with a zeroed errmsg.
class Params {
 public:
  Params& flag(const std::string& name) { return raw(name + '\0', "", true); }
  Params& text(const std::string& name, const std::string& value) { return raw(name + '\0', value + '\0'); }
  Params& number(const std::string& name, int value) {
    return raw(name + '\0', {reinterpret_cast<const char*>(&value), sizeof(value)});
  }
  Params& room(const std::string& name, std::size_t size) { return raw(name + '\0', std::string(size, '\0')); }
  Params& raw(const std::string& name, const std::string& value, bool null = false) {
    bytes_.push_back(std::make_unique<std::string>(name));
    bytes_.push_back(std::make_unique<std::string>(value));
    nulls_.push_back(null);
    return *this;
  }

  Outcome set(Kernel& kernel, int flags) { return call(kernel, flags, true); }
  Outcome get(Kernel& kernel, int flags = 0) { return call(kernel, flags, false); }

  std::string errmsg;
  // What a parameter held after the call.
  std::string value(const std::string& name) const {
    for (std::size_t i = 0; i < bytes_.size(); i += 2) {
      if (std::string(bytes_[i]->c_str()) == name) return bytes_[i + 1]->substr(0, lengths_[i / 2]);
    }
    return "no such parameter";
  }
  std::string text_value(const std::string& name) const { return value(name).c_str(); }
  int int_value(const std::string& name) const {
    int number = 0;
    const std::string bytes = value(name);
    if (bytes.size() == sizeof(number)) std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  }

 private:
  Outcome call(Kernel& kernel, int flags, bool set) {
    std::vector<IoVec> iov;
    for (std::size_t i = 0; i < bytes_.size(); i += 2) {
      std::string& value = *bytes_[i + 1];
      iov.push_back({bytes_[i]->data(), bytes_[i]->size()});
      iov.push_back({nulls_[i / 2] ? nullptr : value.data(), value.size()});
    }
    char name[] = "errmsg";
    std::string buffer(512, '\0');
    iov.push_back({name, sizeof(name)});
    iov.push_back({buffer.data(), buffer.size()});
    const Outcome outcome = set ? kernel.jail_set(iov.data(), iov.size(), flags)
                                : kernel.jail_get(iov.data(), iov.size(), flags);
    errmsg = buffer.c_str();
    lengths_.clear();
    for (std::size_t i = 1; i < iov.size(); i += 2) lengths_.push_back(iov[i].len);
    return outcome;
  }

  std::vector<std::unique_ptr<std::string>> bytes_;
  std::vector<bool> nulls_;
  std::vector<std::size_t> lengths_;
};

inline int create(Kernel& kernel, const std::string& name, int children = 0) {
  Params params;
  params.text("name", name).flag("persist");
  if (children > 0) params.number("children.max", children);
  return static_cast<int>(params.set(kernel, kJailCreate).value);
}

inline std::string error_of(const Outcome& outcome) { return std::string(errno_name(outcome.error)); }

// "alive", "dying", or the error of asking with JAIL_DYING.
inline std::string state_of(Kernel& kernel, int jid) {
  Params params;
  params.number("jid", jid).room("dying", 4);
  const Outcome outcome = params.get(kernel, kJailDying);
  if (outcome.failed()) return error_of(outcome);
  return params.int_value("dying") != 0 ? "dying" : "alive";
}

}  // namespace bsdjail::test

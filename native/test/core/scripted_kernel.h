// A kernel whose answers a test writes: it shows what the core asked for, and in which order.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "../../kernel/errno.h"
#include "../../kernel/kernel.h"

namespace bsdjail::test {

// The pairs of one call, by name.
class Call {
 public:
  Call(IoVec* iov, std::size_t count, int flags) : flags_(flags), count_(count) {
    for (std::size_t i = 0; i + 1 < count; i += 2) pairs_[static_cast<const char*>(iov[i].base)] = &iov[i + 1];
  }

  int flags() const { return flags_; }
  std::size_t pairs() const { return count_ / 2; }
  bool has(const std::string& name) const { return pairs_.count(name) != 0; }
  IoVec& value(const std::string& name) const { return *pairs_.at(name); }
  bool asks_size(const std::string& name) const { return value(name).base == nullptr; }

  int number(const std::string& name) const {
    int number = 0;
    std::memcpy(&number, value(name).base, sizeof number);
    return number;
  }

  std::string text(const std::string& name) const { return static_cast<const char*>(value(name).base); }

  void put_number(const std::string& name, int number) const {
    std::memcpy(value(name).base, &number, sizeof number);
  }

  // As the kernel puts an array: the length for a NULL base, false where the room is too small.
  bool put_array(const std::string& name, const std::string& bytes) const {
    IoVec& to = value(name);
    const bool fits = to.base == nullptr || to.len >= bytes.size();
    if (to.base != nullptr && fits) std::memcpy(to.base, bytes.data(), bytes.size());
    to.len = bytes.size();
    return fits;
  }

  void put_text(const std::string& name, const std::string& text) const {
    std::memcpy(value(name).base, text.c_str(), text.size() + 1);
  }

 private:
  int flags_;
  std::size_t count_;
  std::map<std::string, IoVec*> pairs_;
};

class ScriptedKernel : public Kernel {
 public:
  std::function<Outcome(const Call&)> on_get = [](const Call&) { return Outcome::fail(kENOENT); };
  std::function<Outcome(std::string_view, void*, std::size_t*)> on_sysctl;
  std::vector<SysctlNode> nodes;
  int calls = 0;

  Outcome jail_get(IoVec* iov, std::size_t count, int flags) override {
    ++calls;
    return on_get(Call(iov, count, flags));
  }
  Outcome sysctl(std::string_view name, void* old, std::size_t* old_len, const void*, std::size_t) override {
    ++calls;
    return on_sysctl(name, old, old_len);
  }
  Outcome sysctl_walk(std::string_view, std::vector<SysctlNode>& out) override {
    out = nodes;
    return Outcome::ok();
  }

  Outcome jail_set(IoVec*, std::size_t, int) override { return Outcome::fail(kENOSYS); }
  Outcome jail_remove(int) override { return Outcome::fail(kENOSYS); }
  Outcome jail_remove_jd(int) override { return Outcome::fail(kENOSYS); }
  Outcome jail_attach(int) override { return Outcome::fail(kENOSYS); }
  Outcome jail_attach_jd(int) override { return Outcome::fail(kENOSYS); }
  Outcome close(int) override { return Outcome::fail(kENOSYS); }
  Outcome sysctl_describe(std::string_view, SysctlNode&) override { return Outcome::fail(kENOSYS); }
  Outcome processes(std::vector<ProcessInfo>&) override { return Outcome::fail(kENOSYS); }
  Outcome rctl(RctlCall, std::string_view, std::string&) override { return Outcome::fail(kENOSYS); }
  std::unique_ptr<EventQueue> event_queue(Outcome& outcome) override {
    outcome = Outcome::fail(kENOSYS);
    return nullptr;
  }
};

}  // namespace bsdjail::test

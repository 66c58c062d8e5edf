#include "../../core/sysctl.h"

#include <cstring>
#include <string>

#include "check.h"
#include "scripted_kernel.h"

using bsdjail::Outcome;
using bsdjail::test::ScriptedKernel;

namespace {

Outcome give(const std::string& value, void* old, std::size_t* old_len) {
  if (old == nullptr) {
    *old_len = value.size();
    return Outcome::ok();
  }
  if (*old_len < value.size()) return Outcome::fail(bsdjail::kENOMEM);
  std::memcpy(old, value.data(), value.size());
  *old_len = value.size();
  return Outcome::ok();
}

TEST(a_value_is_read_whole) {
  ScriptedKernel kernel;
  kernel.on_sysctl = [](std::string_view name, void* old, std::size_t* old_len) {
    CHECK(name == "security.jail.jailed");
    return give("value", old, old_len);
  };
  std::vector<std::uint8_t> old;
  CHECK(!read_sysctl(kernel, "security.jail.jailed", nullptr, old).failed());
  CHECK_EQ(std::string(old.begin(), old.end()), std::string("value"));
}

TEST(a_value_that_grew_meanwhile_is_read_again) {
  ScriptedKernel kernel;
  std::size_t size = 100;
  kernel.on_sysctl = [&](std::string_view, void* old, std::size_t* old_len) {
    if (old != nullptr && size < 2000) size *= 4;
    return give(std::string(size, 'x'), old, old_len);
  };
  std::vector<std::uint8_t> old;
  CHECK(!read_sysctl(kernel, "security.jail.list", nullptr, old).failed());
  CHECK_EQ(old.size(), std::size_t{6400});
}

TEST(a_node_that_is_not_there_is_an_error) {
  ScriptedKernel kernel;
  kernel.on_sysctl = [](std::string_view, void*, std::size_t*) { return Outcome::fail(bsdjail::kENOENT); };
  std::vector<std::uint8_t> old;
  CHECK_EQ(read_sysctl(kernel, "no.such", nullptr, old).error, bsdjail::kENOENT);
  CHECK_EQ(kernel.calls, 1);
}

TEST(a_walk_reads_values_and_survives_one_that_cannot_be_read) {
  ScriptedKernel kernel;
  kernel.nodes = {{"a.b", 3, "A", "first"}, {"a.c", 2, "I", "second"}};
  kernel.on_sysctl = [](std::string_view name, void* old, std::size_t* old_len) {
    return name == "a.b" ? give("text", old, old_len) : Outcome::fail(bsdjail::kEPERM);
  };
  std::vector<bsdjail::SysctlEntry> entries;
  CHECK(!walk_sysctl(kernel, "a", entries).failed());
  CHECK_EQ(entries.size(), std::size_t{2});
  CHECK_EQ(entries[0].value.size(), std::size_t{4});
  CHECK_EQ(entries[1].node.description, std::string("second"));
  CHECK(entries[1].value.empty());
}

}  // namespace

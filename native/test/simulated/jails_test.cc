// Rules that the recordings do not reach, or reach by chance only.
#include "support.h"

using namespace bsdjail;
using namespace bsdjail::test;

namespace {

constexpr int kUpdateDying = kJailUpdate | kJailDying;

std::string get_text(Kernel& kernel, int jid, const std::string& name) {
  Params params;
  params.number("jid", jid).room(name, 256);
  return params.get(kernel).failed() ? params.errmsg : params.text_value(name);
}

}  // namespace

TEST(a_dying_jail_is_seen_until_it_is_let_go) {
  for (const char* release : {"13.2", "14.0", "15.1"}) {
    const auto machine = machine_of(release);
    const auto kernel = machine->process();
    const int jid = create(*kernel, "a");
    CHECK_EQ(machine->hold_dying(jid).failed(), false);
    CHECK_EQ(kernel->jail_remove(jid).value, 0);
    CHECK_EQ(state_of(*kernel, jid), "dying");
    Params alive;
    CHECK_EQ(error_of(alive.number("jid", jid).get(*kernel)), "ENOENT");
    CHECK_EQ(alive.errmsg, "jail " + std::to_string(jid) + " is dying");
    CHECK_EQ(error_of(kernel->jail_attach(jid)), "EINVAL");
    CHECK_EQ(kernel->jail_remove(jid).value, 0);
    const int again = create(*kernel, "a");
    CHECK(again > jid);
    CHECK_EQ(get_text(*kernel, again, "name"), "a");
    CHECK_EQ(machine->finish_dying(jid).failed(), false);
    CHECK_EQ(state_of(*kernel, jid), "ENOENT");
    CHECK_EQ(error_of(machine->finish_dying(jid)), "ENOENT");
  }
}

TEST(from_15_on_a_wanted_jid_renumbers_the_dying_jail_that_has_it) {
  const auto machine = machine_of("15.1");
  const auto kernel = machine->process();
  for (int expected = 999999; expected > 999997; --expected) {
    Params params;
    CHECK_EQ(params.number("jid", 7).flag("persist").set(*kernel, kJailCreate).value, 7);
    machine->hold_dying(7);
    kernel->jail_remove(7);
    Params next;
    CHECK_EQ(next.number("jid", 7).flag("persist").set(*kernel, kJailCreate).value, 7);
    CHECK_EQ(state_of(*kernel, expected), "dying");
    CHECK_EQ(state_of(*kernel, 7), "alive");
    kernel->jail_remove(7);
  }
  Params update;
  CHECK_EQ(error_of(update.number("jid", 999999).flag("persist").set(*kernel, kUpdateDying)), "ENOENT");
  CHECK_EQ(update.errmsg, "jail 999999 not found");
}

TEST(up_to_14_a_dying_jail_can_be_brought_back) {
  for (const char* release : {"13.2", "14.0"}) {
    const auto machine = machine_of(release);
    const auto kernel = machine->process();
    const int jid = create(*kernel, "a");
    machine->hold_dying(jid);
    kernel->jail_remove(jid);
    Params taken;
    CHECK_EQ(error_of(taken.number("jid", jid).flag("persist").set(*kernel, kJailCreate)), "EEXIST");
    Params update;
    CHECK_EQ(error_of(update.text("name", "a").flag("persist").set(*kernel, kJailUpdate)), "ENOENT");
    CHECK_EQ(update.errmsg, "jail \"a\" is dying");
    Params revive;
    CHECK_EQ(revive.number("jid", jid).flag("persist").set(*kernel, kUpdateDying).value, jid);
    CHECK_EQ(state_of(*kernel, jid), "alive");
    kernel->jail_remove(jid);
    create(*kernel, "a");
    Params clash;
    CHECK_EQ(error_of(clash.number("jid", jid).flag("persist").set(*kernel, kUpdateDying)), "EEXIST");
    CHECK_EQ(clash.errmsg, "jail \"a\" already exists");
  }
}

TEST(jids_are_given_out_in_turn_and_wrap) {
  SimulatedOptions options;
  options.last_jid = 999997;
  const auto kernel = machine_of(options)->process();
  CHECK_EQ(create(*kernel, "a"), 999998);
  CHECK_EQ(create(*kernel, "b"), 999999);
  CHECK_EQ(create(*kernel, "c"), 1);
  Params high;
  CHECK_EQ(high.number("jid", 2147483647).flag("persist").set(*kernel, kJailCreate).value, 2147483647);
  CHECK_EQ(create(*kernel, "d"), 2);
  // A failed call has used its number up.
  Params failed;
  CHECK_EQ(error_of(failed.flag("persist").number("securelevel", -2).set(*kernel, kJailCreate)), "EPERM");
  CHECK_EQ(create(*kernel, "e"), 4);
}

TEST(a_parent_goes_with_its_last_child_and_a_tree_with_its_root) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  const int parent = create(*kernel, "p", 5);
  const int child = create(*kernel, "p.c", 2);
  const int grandchild = create(*kernel, "p.c.g");
  Params ephemeral;
  CHECK_EQ(ephemeral.text("name", "p").flag("nopersist").set(*kernel, kJailUpdate).value, parent);
  CHECK_EQ(state_of(*kernel, parent), "alive");
  kernel->jail_remove(child);
  CHECK_EQ(state_of(*kernel, grandchild), "ENOENT");
  CHECK_EQ(state_of(*kernel, child), "ENOENT");
  CHECK_EQ(state_of(*kernel, parent), "ENOENT");
}

TEST(root_in_a_jail_without_suser_has_no_privilege) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  Params params;
  const int jid = static_cast<int>(
      params.text("name", "p").flag("persist").number("children.max", 3).flag("allow.nosuser").set(*kernel, kJailCreate).value);
  const auto inside = kernel->fork();
  CHECK_EQ(inside->jail_attach(jid).value, 0);
  Params nested;
  CHECK_EQ(error_of(nested.text("name", "c").flag("persist").set(*inside, kJailCreate)), "EPERM");
  CHECK_EQ(error_of(inside->jail_remove(1)), "EPERM");
}

TEST(from_15_on_a_jail_that_fails_late_stays_behind) {
  // Two defects of its kernel: what was to persist is not let go, and an update keeps what it had set before it failed.
  const auto kernel = machine_of("15.1")->process();
  Params created;
  CHECK_EQ(error_of(created.text("name", "a").flag("persist").raw(std::string("meta") + '\0', "unterminated")
                        .set(*kernel, kJailCreate)), "EINVAL");
  CHECK_EQ(state_of(*kernel, 1), "dying");
  const int jid = create(*kernel, "b");
  Params updated;
  CHECK_EQ(error_of(updated.number("jid", jid).text("host.hostname", "half").raw(std::string("meta") + '\0', "x")
                        .set(*kernel, kJailUpdate)), "EINVAL");
  CHECK_EQ(get_text(*kernel, jid, "host.hostname"), "half");
}

TEST(from_15_on_a_nested_jail_found_by_jid_is_measured_by_the_callers_jail) {
  // Its kernel forgets to look at the parent: the name loses its ancestors, and their limits do not count.
  const auto newer = machine_of("15.1")->process();
  const auto older = machine_of("14.0")->process();
  for (Kernel* kernel : {static_cast<Kernel*>(newer.get()), static_cast<Kernel*>(older.get())}) {
    create(*kernel, "p", 5);
    const int child = create(*kernel, "p.c");
    Params params;
    const Outcome renamed = params.number("jid", child).text("name", "x").set(*kernel, kJailUpdate);
    CHECK_EQ(renamed.value, child);
    CHECK_EQ(get_text(*kernel, child, "name"), kernel == newer.get() ? "x" : "p.x");
  }
}

TEST(bad_lists_are_refused_and_change_nothing) {
  const auto kernel = machine_of()->process();
  std::vector<IoVec> many(2000);
  CHECK_EQ(error_of(kernel->jail_set(nullptr, 0, kJailCreate)), "EINVAL");
  CHECK_EQ(error_of(kernel->jail_get(nullptr, 0, 0)), "ENOENT");
  CHECK_EQ(error_of(kernel->jail_set(nullptr, 2, kJailCreate)), "EFAULT");
  CHECK_EQ(error_of(kernel->jail_set(many.data(), 3, kJailCreate)), "EINVAL");
  CHECK_EQ(error_of(kernel->jail_set(many.data(), many.size(), kJailCreate)), "EINVAL");
  CHECK_EQ(error_of(kernel->jail_set(many.data(), 2, kJailCreate)), "EINVAL");
  char name[] = "name";
  IoVec endless[] = {{name, sizeof(name)}, {name, static_cast<std::size_t>(-1)}};
  CHECK_EQ(error_of(kernel->jail_set(endless, 2, kJailCreate)), "EINVAL");
  IoVec nowhere[] = {{name, sizeof(name)}, {nullptr, 64}};
  CHECK_EQ(error_of(kernel->jail_get(nowhere, 2, 0)), "EFAULT");
  std::vector<char> large(64 * 1024, 'x');
  IoVec whole[] = {{name, sizeof(name)}, {large.data(), large.size()}};
  CHECK_EQ(error_of(kernel->jail_set(whole, 2, kJailCreate)), "EINVAL");
  for (int jid : {-1, 0, 31337, 2147483647, -2147483647 - 1}) {
    CHECK_EQ(error_of(kernel->jail_remove(jid)), "EINVAL");
    CHECK_EQ(error_of(kernel->jail_attach(jid)), "EINVAL");
    CHECK_EQ(error_of(kernel->close(jid)), "EBADF");
  }
  CHECK_EQ(create(*kernel, "a"), 1);
}

TEST(without_descriptors_before_15) {
  for (const char* release : {"13.2", "14.0"}) {
    const auto kernel = machine_of(release)->process();
    CHECK_EQ(error_of(kernel->jail_remove_jd(3)), "ENOSYS");
    CHECK_EQ(error_of(kernel->jail_attach_jd(3)), "ENOSYS");
    Outcome outcome;
    CHECK(kernel->event_queue(outcome) == nullptr);
    CHECK_EQ(error_of(outcome), "ENOSYS");
    Params params;
    CHECK_EQ(error_of(params.flag("persist").number("desc", -1).set(*kernel, kJailCreate | kJailGetDesc)), "EINVAL");
  }
}

TEST(releases_by_name) {
  for (const char* good : {"13.0", "13.5", "14", "14.3-RELEASE", "15.0", "15.1-STABLE"}) {
    std::string problem;
    SimulatedOptions options;
    options.release = good;
    CHECK(SimulatedMachine::open(options, problem) != nullptr);
  }
  for (const char* bad : {"12.4", "16", "15.", "15.1x", "x", "15.100", "-1"}) {
    std::string problem;
    SimulatedOptions options;
    options.release = bad;
    CHECK(SimulatedMachine::open(options, problem) == nullptr);
    CHECK(problem.find(bad) != std::string::npos);
  }
}

TEST(sysctls_of_a_process_inside) {
  const auto kernel = machine_of()->process();
  Params params;
  params.text("name", "p").flag("persist").number("children.max", 4).text("env", "A=1").flag("allow.mlock");
  const int jid = static_cast<int>(params.text("osrelease", "9.9-TEST").set(*kernel, kJailCreate).value);
  const auto inside = kernel->fork();
  inside->jail_attach(jid);
  const auto read = [](Kernel& from, const char* name) {
    std::string value(256, '\0');
    std::size_t length = value.size();
    const Outcome outcome = from.sysctl(name, value.data(), &length, nullptr, 0);
    return outcome.failed() ? error_of(outcome) : value.substr(0, length);
  };
  const std::string one("\1\0\0\0", 4), zero("\0\0\0\0", 4);
  CHECK_EQ(read(*inside, "security.jail.jailed"), one);
  CHECK_EQ(read(*kernel, "security.jail.jailed"), zero);
  CHECK_EQ(read(*inside, "security.jail.mlock_allowed"), one);
  CHECK_EQ(read(*kernel, "security.jail.mlock_allowed"), zero);
  CHECK_EQ(read(*inside, "security.jail.children.max"), std::string("\4\0\0\0", 4));
  CHECK_EQ(read(*inside, "security.jail.env"), std::string("A=1\0", 4));
  CHECK_EQ(read(*inside, "kern.osrelease"), std::string("9.9-TEST\0", 9));
  const int value = 1;
  CHECK_EQ(error_of(inside->sysctl("security.jail.mlock_allowed", nullptr, nullptr, &value, sizeof(value))), "EPERM");
  CHECK_EQ(error_of(kernel->sysctl("security.jail.list", nullptr, nullptr, &value, sizeof(value))), "EPERM");
  CHECK_EQ(error_of(kernel->sysctl("security.jail.mlock_allowed", nullptr, nullptr, &value, 2)), "EINVAL");
  CHECK_EQ(kernel->sysctl("security.jail.mlock_allowed", nullptr, nullptr, &value, sizeof(value)).value, 0);
  CHECK_EQ(read(*kernel, "security.jail.mlock_allowed"), one);
}

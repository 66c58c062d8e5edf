// Processes, descriptors and faults.
#include "support.h"

using namespace bsdjail;
using namespace bsdjail::test;

namespace {

constexpr int kTerm = 15;
constexpr int kKill = 9;

int open_descriptor(Kernel& kernel, int flags, int& jid) {
  Params params;
  params.flag("persist").number("desc", -1);
  jid = static_cast<int>(params.set(kernel, kJailCreate | flags).value);
  return params.int_value("desc");
}

}  // namespace

TEST(a_process_holds_its_jail) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  const int jid = create(*kernel, "a");
  auto inside = kernel->fork();
  CHECK_EQ(inside->jail_attach(jid).value, 0);
  CHECK_EQ(inside->jid(), jid);
  Params params;
  params.text("name", "a").flag("nopersist").set(*kernel, kJailUpdate);
  const auto grandchild = inside->fork();
  inside->exit();
  CHECK_EQ(inside->alive(), false);
  CHECK_EQ(error_of(inside->jail_remove(jid)), "ESRCH");
  CHECK_EQ(state_of(*kernel, jid), "alive");
  CHECK_EQ(machine->processes().size(), 1u);
  grandchild->exit();
  CHECK_EQ(state_of(*kernel, jid), "ENOENT");
}

TEST(removing_a_jail_ends_its_processes_and_those_of_its_children) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  const int parent = create(*kernel, "p", 3);
  const int child = create(*kernel, "p.c");
  const auto inside = kernel->fork();
  inside->jail_attach(child);
  SimulatedProcess process;
  process.jid = parent;
  process.command = "/usr/sbin/nginx";
  process.ignores = {kTerm};
  const Outcome spawned = machine->spawn(process);
  CHECK(spawned.value > 0);
  CHECK_EQ(machine->processes().size(), 2u);
  kernel->jail_remove(parent);
  CHECK_EQ(inside->alive(), false);
  CHECK_EQ(inside->jid(), 0);
  CHECK_EQ(machine->processes().size(), 0u);
  CHECK_EQ(kernel->alive(), true);
}

TEST(signals_end_what_does_not_ignore_them) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  const int parent = create(*kernel, "p", 3);
  const int child = create(*kernel, "p.c");
  const auto start = [&](int jid, std::vector<int> ignores) {
    SimulatedProcess process;
    process.jid = jid;
    process.ignores = std::move(ignores);
    return static_cast<int>(machine->spawn(process).value);
  };
  const int stubborn = start(parent, {kTerm, kKill});
  start(parent, {});
  start(child, {});
  CHECK_EQ(machine->kill_jail(parent, 0, true).value, 3);
  CHECK_EQ(machine->processes().size(), 3u);
  CHECK_EQ(machine->kill_jail(parent, kTerm, false).value, 2);
  CHECK_EQ(machine->processes().size(), 2u);
  CHECK_EQ(machine->kill_jail(parent, kTerm, true).value, 2);
  CHECK_EQ(machine->processes().size(), 1u);
  CHECK_EQ(machine->processes()[0].pid, stubborn);
  CHECK_EQ(machine->kill(stubborn, kKill).value, 0);
  CHECK_EQ(error_of(machine->kill(stubborn, kKill)), "ESRCH");
  CHECK_EQ(error_of(machine->kill(stubborn, 1000)), "EINVAL");
  CHECK_EQ(error_of(machine->kill_jail(31337, kKill, true)), "ENOENT");
}

TEST(what_cannot_be_started) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  const int jid = create(*kernel, "a");
  SimulatedProcess process;
  process.jid = 31337;
  CHECK_EQ(error_of(machine->spawn(process)), "ENOENT");
  process.jid = jid;
  process.pid = 4242;
  CHECK_EQ(machine->spawn(process).value, 4242);
  CHECK_EQ(error_of(machine->spawn(process)), "EEXIST");
  CHECK_EQ(machine->exit(4242).value, 0);
  CHECK_EQ(error_of(machine->exit(4242)), "ESRCH");
  machine->hold_dying(jid);
  kernel->jail_remove(jid);
  CHECK_EQ(error_of(machine->spawn(process)), "EINVAL");
}

TEST(set_with_attach_takes_its_caller_along) {
  const auto kernel = machine_of()->process();
  const auto inside = kernel->fork();
  Params params;
  const Outcome made = params.text("name", "a").set(*inside, kJailCreate | kJailAttach);
  CHECK(made.value > 0);
  CHECK_EQ(inside->jid(), static_cast<int>(made.value));
  inside->exit();
  CHECK_EQ(state_of(*kernel, static_cast<int>(made.value)), "ENOENT");
}

TEST(an_owning_descriptor_removes_its_jail_when_the_last_copy_closes) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  int jid = 0;
  const int fd = open_descriptor(*kernel, kJailOwnDesc, jid);
  CHECK(fd >= 0x40000000);
  auto child = kernel->fork();
  CHECK_EQ(child->close(fd).value, 0);
  CHECK_EQ(state_of(*kernel, jid), "alive");
  child = kernel->fork();
  CHECK_EQ(kernel->close(fd).value, 0);
  CHECK_EQ(state_of(*kernel, jid), "alive");
  child->exit();
  CHECK_EQ(state_of(*kernel, jid), "ENOENT");
  CHECK_EQ(error_of(kernel->close(fd)), "EBADF");
}

TEST(a_descriptor_acts_with_its_openers_privilege) {
  const auto machine = machine_of();
  const auto kernel = machine->process();
  int jid = 0;
  const int fd = open_descriptor(*kernel, kJailGetDesc, jid);
  const auto nobody = kernel->fork();
  nobody->setuid(65534);
  Params update;
  CHECK_EQ(update.number("desc", fd).text("host.hostname", "h").set(*nobody, kJailUpdate | kJailUseDesc).value, jid);
  Params by_jid;
  CHECK_EQ(error_of(by_jid.number("jid", jid).text("host.hostname", "h").set(*nobody, kJailUpdate)), "EPERM");
  Params own;
  CHECK_EQ(error_of(own.number("jid", jid).number("desc", -1).get(*nobody, kJailOwnDesc)), "EPERM");
  Params get;
  CHECK_EQ(get.number("jid", jid).number("desc", -1).get(*nobody, kJailGetDesc).value, jid);
  CHECK_EQ(error_of(nobody->jail_remove_jd(get.int_value("desc"))), "EPERM");
  CHECK_EQ(nobody->jail_remove_jd(fd).value, 0);
  Params dead;
  CHECK_EQ(error_of(dead.number("desc", fd).get(*kernel, kJailUseDesc)), "ENOENT");
  CHECK_EQ(dead.errmsg, "descriptor to dead jail");
  CHECK_EQ(error_of(kernel->jail_remove_jd(fd)), "ENOENT");
}

TEST(a_jail_is_made_below_a_descriptors) {
  const auto kernel = machine_of()->process();
  const int parent = create(*kernel, "f", 2);
  Params get;
  get.number("jid", parent).number("desc", -1).get(*kernel, kJailGetDesc);
  Params kid;
  kid.text("name", "kid").flag("persist").number("desc", get.int_value("desc"));
  const int jid = static_cast<int>(kid.set(*kernel, kJailCreate | kJailAtDesc).value);
  Params read;
  read.number("jid", jid).room("name", 64).room("parent", 4).get(*kernel);
  CHECK_EQ(read.text_value("name"), "f.kid");
  CHECK_EQ(read.int_value("parent"), parent);
}

TEST(a_jail_entered_by_descriptor_never_ends_dying) {
  // 15's kernel loses the reference by which it found the jail.
  const auto kernel = machine_of()->process();
  int jid = 0;
  const int fd = open_descriptor(*kernel, kJailGetDesc, jid);
  const auto inside = kernel->fork();
  CHECK_EQ(inside->jail_attach_jd(fd).value, 0);
  CHECK_EQ(inside->jid(), jid);
  inside->exit();
  kernel->jail_remove(jid);
  CHECK_EQ(state_of(*kernel, jid), "dying");
}

TEST(faults_strike_the_call_they_name_once) {
  SimulatedOptions options;
  options.faults = {{"jail_set", 2, kENOMEM, "no room", false}};
  const auto machine = machine_of(options);
  const auto kernel = machine->process();
  CHECK_EQ(create(*kernel, "a"), 1);
  Params params;
  params.text("name", "b").flag("persist");
  CHECK_EQ(error_of(params.set(*kernel, kJailCreate)), "ENOMEM");
  CHECK_EQ(params.errmsg, "no room");
  CHECK_EQ(create(*kernel, "b"), 2);
  machine->add_fault({"", 1, kEINTR, "", true});
  CHECK_EQ(error_of(kernel->jail_remove(1)), "EINTR");
  CHECK_EQ(error_of(kernel->jail_attach(1)), "EINTR");
  machine->clear_faults();
  CHECK_EQ(kernel->jail_remove(1).value, 0);
}

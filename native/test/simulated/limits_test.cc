// RACCT and RCTL of the simulated kernel, and the table of processes.
#include <cstdlib>
#include <unistd.h>

#include "support.h"

using namespace bsdjail;
using namespace bsdjail::test;

namespace {

std::shared_ptr<SimulatedMachine> counting(const std::string& state_file = "") {
  SimulatedOptions options;
  options.accounts = true;
  options.state_file = state_file;
  return machine_of(options);
}

std::string add(Kernel& kernel, const std::string& rule) {
  std::string none;
  return error_of(kernel.rctl(RctlCall::kAdd, rule, none));
}

std::string rules(Kernel& kernel, const std::string& filter = "") {
  std::string text;
  const Outcome outcome = kernel.rctl(RctlCall::kRules, filter, text);
  return outcome.failed() ? error_of(outcome) : text;
}

std::string use(Kernel& kernel, const std::string& filter) {
  std::string text;
  const Outcome outcome = kernel.rctl(RctlCall::kRacct, filter, text);
  return outcome.failed() ? error_of(outcome) : text;
}

Outcome start(SimulatedMachine& machine, int jid) {
  SimulatedProcess process;
  process.jid = jid;
  process.command = "sleep 9";
  return machine.spawn(process);
}

}  // namespace

TEST(limits_are_told_the_newest_first) {
  const auto machine = counting();
  const auto kernel = machine->process();
  create(*kernel, "l");
  CHECK_EQ(add(*kernel, "jail:l:maxproc:deny=5"), "");
  CHECK_EQ(add(*kernel, "jail:l:memoryuse:deny=67108864/jail"), "");
  CHECK_EQ(add(*kernel, "jail:nosuchjail:maxproc:deny=5"), "");
  CHECK_EQ(rules(*kernel), "jail:nosuchjail:maxproc:deny=5,jail:l:memoryuse:deny=67108864,jail:l:maxproc:deny=5");
  CHECK_EQ(rules(*kernel, "jail:l"), "jail:l:memoryuse:deny=67108864,jail:l:maxproc:deny=5");
  CHECK_EQ(add(*kernel, "jail:l:maxproc:deny=7"), "");
  CHECK_EQ(add(*kernel, "jail:l:maxproc:devctl=7"), "");
  CHECK_EQ(rules(*kernel, "jail:l:maxproc"), "jail:l:maxproc:devctl=7,jail:l:maxproc:deny=7");
  std::string none;
  CHECK(!kernel->rctl(RctlCall::kRemove, "jail:l:maxproc", none).failed());
  CHECK_EQ(error_of(kernel->rctl(RctlCall::kRemove, "jail:l:maxproc", none)), "ESRCH");
}

TEST(limits_that_make_no_sense_are_refused) {
  const auto machine = counting();
  const auto kernel = machine->process();
  CHECK_EQ(add(*kernel, "jail:l:nosuch:deny=5"), "EINVAL");
  CHECK_EQ(add(*kernel, "frob:l:maxproc:deny=5"), "EINVAL");
  CHECK_EQ(add(*kernel, ":l:maxproc:deny=5"), "EINVAL");
  CHECK_EQ(add(*kernel, "user:root:maxproc:deny=5"), "EINVAL");
  CHECK_EQ(add(*kernel, "jail:l:maxproc:deny"), "EINVAL");
  CHECK_EQ(add(*kernel, "jail:l:maxproc:deny=5/frob"), "EINVAL");
  CHECK_EQ(add(*kernel, ""), "EINVAL");
  CHECK_EQ(add(*kernel, "jail:l:cputime:deny=5"), "EOPNOTSUPP");
  CHECK_EQ(add(*kernel, "jail:l:maxproc:throttle=5"), "EOPNOTSUPP");
  CHECK_EQ(add(*kernel, "jail:l:swapuse:deny=5/process"), "EOPNOTSUPP");
  CHECK_EQ(add(*kernel, "jail:l:readbps:throttle=5"), "");
  const auto idle = machine_of()->process();
  CHECK_EQ(rules(*idle), "ENOSYS");
}

TEST(limits_keep_processes_out_of_a_jail_and_those_inside_it) {
  const auto machine = counting();
  const auto kernel = machine->process();
  const int parent = create(*kernel, "p", 2);
  const int child = create(*kernel, "p.c");
  CHECK_EQ(add(*kernel, "jail:p:maxproc:deny=2"), "");
  CHECK(!start(*machine, parent).failed());
  CHECK(!start(*machine, child).failed());
  CHECK_EQ(error_of(start(*machine, child)), "EAGAIN");
  CHECK(use(*kernel, "jail:p").find(",maxproc=2,") != std::string::npos);
  CHECK(use(*kernel, "jail:p.c").find(",maxproc=1,") != std::string::npos);
  CHECK(use(*kernel, "jail:nothere").find(",maxproc=0,") != std::string::npos);
  CHECK_EQ(use(*kernel, "jail:"), "EINVAL");
  const auto inside = kernel->fork();
  inside->jail_attach(parent);
  CHECK_EQ(rules(*inside), "EPERM");
  std::vector<ProcessInfo> list;
  CHECK(!inside->processes(list).failed());
  // Its own jail's are not told, those of the jails below are.
  CHECK_EQ(list.size(), 1u);
  list.clear();
  CHECK(!kernel->processes(list).failed());
  CHECK_EQ(list.size(), 3u);
}

TEST(limits_are_kept_in_a_state_file) {
  char path[] = "/tmp/bsdjail-limits-XXXXXX";
  close(mkstemp(path));
  unlink(path);
  {
    const auto machine = counting(path);
    const auto kernel = machine->process();
    create(*kernel, "l");
    CHECK_EQ(add(*kernel, "jail:l:maxproc:deny=5/process"), "");
  }
  SimulatedOptions options;
  options.state_file = path;
  CHECK_EQ(rules(*machine_of(options)->process()), "jail:l:maxproc:deny=5/process");
  unlink(path);
  unlink((std::string(path) + ".lock").c_str());
}

TEST(signals_that_end_nothing_end_nothing) {
  const auto machine = counting();
  const auto kernel = machine->process();
  const int jid = create(*kernel, "a");
  const int pid = static_cast<int>(start(*machine, jid).value);
  for (int signal : {0, 16, 17, 18, 19, 20, 21, 22, 23, 28, 29}) CHECK(!machine->kill(pid, signal).failed());
  CHECK_EQ(machine->processes().size(), 1u);
  CHECK(!machine->kill(pid, 1).failed());
  CHECK_EQ(machine->processes().size(), 0u);
}

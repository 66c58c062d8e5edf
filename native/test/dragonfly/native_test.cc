// DragonFly's own kernel: what is compiled there, run against a libc that the simulated DragonFly answers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cerrno>
#include <fstream>

#include "../../jail-exec/system.h"
#include "../../kernel/dragonfly/dragonfly_kernel.h"
#include "../../kernel/dragonfly/native/abi.h"
#include "../../kernel/dragonfly/native/helper.h"
#include "../../kernel/dragonfly/native/libc_system.h"
#include "check.h"
#include "fake_libc.h"
#include "support.h"

namespace bsdjail::test {
namespace {

std::shared_ptr<SimulatedMachine> machine_in_use() {
  auto machine = machine_of("dragonfly-6.4");
  use_process(machine->process());
  return machine;
}

}  // namespace

TEST(addresses_have_the_layout_of_the_kernel) {
  const auto list = dragonfly::storage_of({std::string("\x7f\0\0\x02", 4), std::string(15, '\0') + '\x02'});
  CHECK_EQ(list.size(), 2u);
  CHECK_EQ(int{list[0].bytes[0]}, 16);
  CHECK_EQ(int{list[0].bytes[1]}, 2);
  CHECK_EQ(int{list[0].bytes[4]}, 127);
  CHECK_EQ(int{list[0].bytes[7]}, 2);
  CHECK_EQ(int{list[1].bytes[0]}, 28);
  CHECK_EQ(int{list[1].bytes[1]}, 28);
  CHECK_EQ(int{list[1].bytes[23]}, 2);
}

TEST(jail_exec_makes_and_enters_a_jail) {
  auto machine = machine_in_use();
  int jid = 0;
  CHECK_EQ(system_jail("/jails/my web", "web", "127.0.0.2,10.0.0.1,::2,2001:db8::1", jid), 0);
  CHECK_EQ(jid, 1);
  auto root = machine->process();
  std::string list(1024, '\0');
  std::size_t size = list.size();
  CHECK(!root->sysctl("jail.list", list.data(), &size, nullptr, 0).failed());
  CHECK_EQ(list.substr(0, size), "1 web /jails/my web 2001:db8::1 ::2 10.0.0.1 127.0.0.2");
  CHECK_EQ(system_jail("/", "h", "nonsense", jid), EINVAL);
  CHECK_EQ(system_jail("/", "h", "", jid), EPERM);
  use_process(machine->process());
  CHECK_EQ(system_attach(9), EINVAL);
  CHECK_EQ(system_attach(1), 0);
}

TEST(libc_answers_as_the_simulated_kernel) {
  auto machine = machine_in_use();
  auto kernel = dragonfly_kernel(dragonfly::libc_system("/nowhere/jail-exec"));
  Params entered;
  entered.text("path", "/").text("host.hostname", "h");
  CHECK_EQ(entered.set(*kernel, kJailCreate | kJailAttach).value, 1);
  use_process(machine->process());
  std::vector<SysctlNode> nodes;
  CHECK(!kernel->sysctl_walk("jail.1", nodes).failed());
  CHECK_EQ(nodes.size(), 8u);
  CHECK_EQ(nodes[0].name, "jail.1.sys_set_hostname");
  CHECK_EQ(nodes[0].format, "I");
  Params update;
  CHECK_EQ(update.number("jid", 1).flag("allow.raw_sockets").set(*kernel, kJailUpdate).value, 1);
  Params read;
  read.number("jid", 1).room("allow.raw_sockets", 4).room("host.hostname", 256);
  CHECK_EQ(read.get(*kernel).value, 1);
  CHECK_EQ(read.int_value("allow.raw_sockets"), 1);
  CHECK_EQ(read.text_value("host.hostname"), "h");
  CHECK(!kernel->jail_attach(1).failed());
  // Without jail-exec nothing is held and nothing is ended.
  use_process(machine->process());
  CHECK_EQ(error_of(kernel->jail_remove(1)), "ENOENT");
  Params held;
  CHECK_EQ(error_of(held.text("path", "/").flag("persist").set(*kernel, kJailCreate)), "ENOENT");
}

TEST(libc_tells_of_processes) {
  auto machine = machine_in_use();
  auto kernel = dragonfly_kernel(dragonfly::libc_system("/nowhere/jail-exec"));
  Params entered;
  entered.text("path", "/").text("host.hostname", "h");
  CHECK_EQ(entered.set(*kernel, kJailCreate | kJailAttach).value, 1);
  use_process(machine->process());
  SimulatedProcess started;
  started.jid = 1;
  started.uid = 123456;
  started.command = "sleep 30";
  started.started_ms = 5000;
  const Outcome pid = machine->spawn(started);
  std::vector<ProcessInfo> list;
  CHECK(!kernel->processes(list).failed());
  CHECK_EQ(list.size(), 2u);
  CHECK_EQ(list[0].command, "[short]");
  CHECK_EQ(list[1].pid, pid.value);
  CHECK_EQ(list[1].jid, 1);
  CHECK_EQ(list[1].user, "123456");
  CHECK_EQ(list[1].command, "sleep 30");
  CHECK_EQ(list[1].started_ms, 5000);
}

// The helper of a machine without jails says that it made jail 1.
TEST(a_holder_stays_and_only_a_kill_ends_it) {
#ifdef __linux__
  // Its parent has gone on purpose, so that it comes to us in place of init.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
  const Outcome made = dragonfly::run_helper(JAIL_EXEC, {"-J", "/", "-N", "h", "-A", ""});
  CHECK_EQ(made.error, 0);
  CHECK_EQ(made.value, 1);
  CHECK_EQ(dragonfly::run_helper(JAIL_EXEC, {"-j", "1", "-K"}).error, 0);
  CHECK_EQ(dragonfly::run_helper(JAIL_EXEC, {"-j", "1"}).error, EINVAL);
  CHECK_EQ(dragonfly::run_helper("/nowhere/jail-exec", {}).error, ENOENT);
  // One that ends without a word.
  CHECK_EQ(dragonfly::run_helper("/bin/true", {}).error, EIO);
#ifdef __linux__
  std::ifstream children("/proc/self/task/" + std::to_string(getpid()) + "/children");
  pid_t holder = 0;
  CHECK(static_cast<bool>(children >> holder));
  if (holder <= 0) return;
  CHECK_EQ(kill(holder, SIGTERM), 0);
  CHECK_EQ(kill(holder, SIGHUP), 0);
  CHECK_EQ(waitpid(holder, nullptr, WNOHANG), 0);
  CHECK_EQ(kill(holder, SIGKILL), 0);
  int status = 0;
  CHECK_EQ(waitpid(holder, &status, 0), holder);
  CHECK_EQ(WTERMSIG(status), SIGKILL);
#endif
}

}  // namespace bsdjail::test

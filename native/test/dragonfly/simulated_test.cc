// The simulated DragonFly by the interface of all kernels: life and death, what is refused, what the list holds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "check.h"
#include "support.h"

namespace bsdjail::test {
namespace {

std::string ip(const char* text) {
  char bytes[16];
  if (inet_pton(AF_INET, text, bytes) == 1) return {bytes, 4};
  inet_pton(AF_INET6, text, bytes);
  return {bytes, 16};
}

int make(Kernel& kernel, const std::string& path = "/jails/a", const std::string& host = "a") {
  return static_cast<int>(Params().text("path", path).text("host.hostname", host).flag("persist").set(kernel, kJailCreate).value);
}

std::string sysctl_text(Kernel& kernel, const std::string& name) {
  std::size_t size = 0;
  if (const Outcome outcome = kernel.sysctl(name, nullptr, &size, nullptr, 0); outcome.failed()) return error_of(outcome);
  std::string value(size, '\0');
  kernel.sysctl(name, value.data(), &size, nullptr, 0);
  return value.substr(0, size);
}

int sysctl_int(Kernel& kernel, const std::string& name) {
  int number = -1;
  std::size_t size = sizeof(number);
  return kernel.sysctl(name, &number, &size, nullptr, 0).failed() ? -1 : number;
}

Outcome set_int(Kernel& kernel, const std::string& name, int number) {
  return kernel.sysctl(name, nullptr, nullptr, &number, sizeof(number));
}

std::string names_of(Kernel& kernel, const std::string& prefix) {
  std::vector<SysctlNode> nodes;
  kernel.sysctl_walk(prefix, nodes);
  std::string names;
  for (const SysctlNode& node : nodes) names += node.name.substr(prefix.size() + 1) + " ";
  return names;
}

std::string refusal(Params& params, Kernel& kernel, int flags = kJailCreate) {
  const Outcome outcome = params.set(kernel, flags);
  return outcome.failed() ? error_of(outcome) + " " + params.errmsg : "taken";
}

}  // namespace

TEST(a_jail_lives_with_the_process_that_holds_it) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  const int jid = make(*kernel);
  CHECK_EQ(jid, 1);
  CHECK_EQ(machine->processes().size(), 1u);
  CHECK_EQ(machine->processes()[0].jid, jid);
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "1 a /jails/a");
  auto inside = machine->process();
  CHECK(!inside->jail_attach(jid).failed());
  CHECK_EQ(sysctl_int(*inside, "jail.jailed"), 1);
  CHECK_EQ(sysctl_text(*inside, "jail.list"), "");
  CHECK(!machine->kill(machine->processes()[0].pid, 9).failed());
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "1 a /jails/a");
  inside->exit();
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "");
  CHECK_EQ(make(*kernel), 2);
}

TEST(removing_ends_every_process) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  const int jid = make(*kernel);
  SimulatedProcess stubborn;
  stubborn.jid = jid;
  stubborn.ignores = {9, 15};
  CHECK(!machine->spawn(stubborn).failed());
  CHECK(!kernel->jail_remove(jid).failed());
  CHECK_EQ(machine->processes().size(), 0u);
  CHECK_EQ(error_of(kernel->jail_remove(jid)), "EINVAL");
}

// Something that outlives its processes keeps a jail in the list, where it can be entered.
TEST(a_held_jail_stays_and_lives_again) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  const int jid = make(*kernel);
  CHECK(!machine->hold_dying(jid).failed());
  CHECK(!kernel->jail_remove(jid).failed());
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "1 a /jails/a");
  auto inside = machine->process();
  CHECK(!inside->jail_attach(jid).failed());
  SimulatedProcess child;
  child.jid = jid;
  const Outcome forked = machine->spawn(child);
  CHECK(!forked.failed());
  machine->exit(static_cast<int>(forked.value));
  CHECK(!machine->finish_dying(jid).failed());
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "1 a /jails/a");
  inside->exit();
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "");
}

TEST(the_list_is_newest_first_and_turns_addresses_round) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  make(*kernel, "/jails/my web", "old");
  auto process = machine->process();
  SimulatedLegacyJail legacy{"/", "raw", std::nullopt, ip("10.0.0.1") + ip("127.0.0.2"), ip("2001:db8::a:0:0:1") + ip("::2")};
  CHECK_EQ(process->jail(legacy).value, 2);
  CHECK_EQ(process->jid(), 2);
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "2 raw / ::2 2001:db8::a:0:0:1 127.0.0.2 10.0.0.1\n1 old /jails/my web");
  Params read;
  read.number("jid", 2).room("ip4.addr", 8).room("ip6.addr", 32).room("name", 256).room("path", 1024);
  CHECK_EQ(read.get(*kernel).value, 2);
  CHECK_EQ(read.value("ip4.addr"), ip("127.0.0.2") + ip("10.0.0.1"));
  CHECK_EQ(read.value("ip6.addr"), ip("::2") + ip("2001:db8::a:0:0:1"));
  CHECK_EQ(read.text_value("name"), "2");
  Params small;
  CHECK_EQ(error_of(small.number("jid", 2).room("ip4.addr", 4).get(*kernel)), "EINVAL");
  CHECK_EQ(small.errmsg, "");
}

TEST(created_addresses_keep_their_order) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  Params params;
  params.text("path", "/").raw(std::string("ip6.addr") + '\0', ip("::2") + ip("2001:db8::1"));
  params.raw(std::string("ip4.addr") + '\0', ip("127.0.0.2") + ip("10.0.0.1")).flag("persist");
  CHECK_EQ(params.set(*kernel, kJailCreate).value, 1);
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "1  / 127.0.0.2 10.0.0.1 ::2 2001:db8::1");
}

TEST(lists_by_lastjid) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  for (int i = 0; i < 3; ++i) make(*kernel);
  kernel->jail_remove(2);
  Params params;
  CHECK_EQ(params.number("lastjid", 0).get(*kernel).value, 1);
  Params second;
  CHECK_EQ(second.number("lastjid", 1).get(*kernel).value, 3);
  Params third;
  CHECK_EQ(error_of(third.number("lastjid", 3).get(*kernel)), "ENOENT");
  CHECK_EQ(third.errmsg, "no jail after 3");
}

TEST(permissions_are_copied_at_creation_and_set_one_by_one) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  const int before = make(*kernel);
  CHECK(!set_int(*kernel, "jail.defaults.allow_raw_sockets", 1).failed());
  CHECK(!set_int(*kernel, "jail.defaults.socket_unixiproute_only", 1).failed());
  const int after = make(*kernel);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.net_raw_sockets"), 0);
  CHECK_EQ(sysctl_int(*kernel, "jail.2.net_raw_sockets"), 1);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.net_unixiproute"), 0);
  CHECK_EQ(sysctl_int(*kernel, "jail.2.net_unixiproute"), 1);
  Params update;
  update.number("jid", before).flag("allow.raw_sockets").flag("allow.nosocket_af").flag("allow.mount.tmpfs");
  CHECK_EQ(update.set(*kernel, kJailUpdate).value, before);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.net_raw_sockets"), 1);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.net_unixiproute"), 1);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.vfs_mount_tmpfs"), 1);
  CHECK_EQ(sysctl_int(*kernel, "jail.2.vfs_mount_tmpfs"), 0);
  Params read;
  read.number("jid", after).room("allow.raw_sockets", 4).room("allow.noraw_sockets", 4).room("allow.nosocket_af", 4);
  CHECK_EQ(read.get(*kernel).value, after);
  CHECK_EQ(read.int_value("allow.noraw_sockets"), 0);
  CHECK_EQ(read.int_value("allow.nosocket_af"), 1);
}

TEST(permissions_asked_for_leave_the_defaults_alone) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  Params params;
  params.text("path", "/").flag("persist").flag("allow.listen_override").flag("allow.noset_hostname");
  CHECK_EQ(params.set(*kernel, kJailCreate).value, 1);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.allow_listen_override"), 1);
  CHECK_EQ(sysctl_int(*kernel, "jail.1.sys_set_hostname"), 0);
  CHECK_EQ(sysctl_int(*kernel, "jail.defaults.allow_listen_override"), 0);
  CHECK_EQ(sysctl_int(*kernel, "jail.defaults.set_hostname_allowed"), 1);
}

// The kernel prints a jail's number into room for five digits: from 100000 on it is another jail's node.
TEST(permissions_of_high_jids_are_refused) {
  SimulatedOptions options;
  options.release = "dragonfly-6.4";
  options.last_jid = 12344;
  auto machine = machine_of(options);
  auto kernel = machine->process();
  CHECK_EQ(make(*kernel), 12345);
  SimulatedOptions high = options;
  high.last_jid = 123455;
  auto other = machine_of(high);
  auto far = other->process();
  CHECK_EQ(make(*far), 123456);
  CHECK_EQ(names_of(*far, "jail.12345").find("sys_set_hostname"), 0u);
  CHECK_EQ(sysctl_int(*far, "jail.123456.sys_set_hostname"), -1);
  Params params;
  params.text("path", "/").flag("persist").flag("allow.raw_sockets");
  CHECK_EQ(refusal(params, *far).substr(0, 29), "EOPNOTSUPP allow.raw_sockets:");
  CHECK_EQ(sysctl_text(*far, "jail.list").substr(0, 7), "123456 ");
  CHECK_EQ(other->processes().size(), 1u);
}

TEST(jids_do_not_begin_anew_on_the_way) {
  SimulatedOptions options;
  options.release = "dragonfly-6.4";
  options.last_jid = 999997;
  auto machine = machine_of(options);
  auto kernel = machine->process();
  CHECK_EQ(make(*kernel), 999998);
  CHECK_EQ(make(*kernel), 1);
  kernel->jail_remove(1);
  options.last_jid = 999996;
  machine = machine_of(options);
  kernel = machine->process();
  CHECK_EQ(make(*kernel), 999997);
  CHECK_EQ(make(*kernel), 999998);
  auto first = machine->process();
  CHECK_EQ(make(*kernel), 1);
}

TEST(what_it_has_not_is_refused_by_name) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  const auto refused = [&](const std::string& name) {
    Params params;
    params.text("path", "/").flag("persist").number(name, 1);
    return refusal(params, *kernel);
  };
  CHECK_EQ(refused("vnet"), "EINVAL unknown parameter: vnet (DragonFly's jails share the host's network stack)");
  CHECK_EQ(refused("children.max"), "EINVAL unknown parameter: children.max (DragonFly's jails cannot be nested)");
  CHECK_EQ(refused("meta.owner"), "EINVAL unknown parameter: meta.owner (DragonFly keeps no metadata of a jail)");
  CHECK_EQ(refused("jid"), "EINVAL DragonFly's kernel chooses the jid");
  CHECK_EQ(refused("nonsense"), "EINVAL unknown parameter: nonsense (DragonFly's jails have no such parameter)");
  CHECK_EQ(refused("allow.mount.devfs").substr(0, 43), "EINVAL unknown parameter: allow.mount.devfs");
  Params named;
  named.text("path", "/").flag("persist").text("name", "web");
  CHECK_EQ(refusal(named, *kernel), "EINVAL DragonFly's jails have no names and go by their jid");
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "");
  CHECK_EQ(machine->processes().size(), 0u);
  make(*kernel);
  Params path;
  path.number("jid", 1).text("path", "/other");
  CHECK_EQ(refusal(path, *kernel, kJailUpdate), "EINVAL path cannot be changed after creation: DragonFly has no call for it");
  Params host;
  host.number("jid", 1).text("host.hostname", "b");
  CHECK_EQ(refusal(host, *kernel, kJailUpdate),
           "EINVAL host.hostname cannot be changed from outside: run hostname(1) in the jail");
  Params get;
  CHECK_EQ(error_of(get.number("jid", 1).room("vnet", 4).get(*kernel)), "EINVAL");
  CHECK_EQ(get.errmsg, "unknown parameter: vnet (DragonFly's jails share the host's network stack)");
  Params by_name;
  CHECK_EQ(error_of(by_name.text("name", "web").get(*kernel)), "ENOENT");
  CHECK_EQ(by_name.errmsg, "jail \"web\" not found: DragonFly's jails have no names and go by their jid");
  Params descriptor;
  CHECK_EQ(error_of(descriptor.room("desc", 4).get(*kernel, kJailGetDesc)), "EINVAL");
  CHECK_EQ(descriptor.errmsg, "");
}

TEST(a_new_jail_must_be_held_or_entered) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  Params params;
  CHECK_EQ(refusal(params.text("path", "/"), *kernel), "EINVAL new jail must persist or attach");
  auto enters = machine->process();
  Params entered;
  CHECK_EQ(entered.text("path", "/").set(*enters, kJailCreate | kJailAttach).value, 1);
  CHECK_EQ(enters->jid(), 1);
  enters->exit();
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "");
  Params both;
  both.text("path", "/").flag("persist");
  CHECK_EQ(both.set(*kernel, kJailCreate | kJailUpdate).value, 2);
}

TEST(what_could_not_be_listed_is_refused) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  const auto refused = [&](const std::string& path, const std::string& host, int addresses = 0) {
    Params params;
    std::string list;
    for (int i = 0; i < addresses; ++i) list += ip("10.0.0.1");
    params.text("path", path).text("host.hostname", host).raw(std::string("ip4.addr") + '\0', list).flag("persist");
    return refusal(params, *kernel);
  };
  CHECK_EQ(refused("/a", "two words").substr(0, 40), "EINVAL host.hostname cannot have a blank");
  CHECK_EQ(refused("/a 10.0.0.1", "h").substr(0, 30), "EINVAL path cannot have a line");
  CHECK_EQ(refused("relative", "h"), "EINVAL path must be absolute");
  CHECK_EQ(refused("/", "h", 64).substr(0, 5), "E2BIG");
  CHECK_EQ(refused("/", "h", 60), "taken");
}

// The kernel itself takes such a jail, and then lists none.
TEST(a_list_without_room_is_erange) {
  auto machine = machine_of("dragonfly-6.4");
  auto process = machine->process();
  SimulatedLegacyJail legacy{"/", "h", std::nullopt, "", ""};
  for (int i = 0; i < 100; ++i) legacy.ip4 += ip("192.168.111.222");
  CHECK_EQ(process->jail(legacy).value, 1);
  auto kernel = machine->process();
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "ERANGE");
  Params params;
  CHECK_EQ(error_of(params.number("jid", 1).get(*kernel)), "ERANGE");
}

TEST(a_forged_host_name_misleads_nobody) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  make(*kernel, "/jails/a", "a");
  make(*kernel, "/jails/b", "b");
  auto inside = machine->process();
  inside->jail_attach(2);
  const auto rename = [&](const std::string& name) {
    return inside->sysctl("kern.hostname", nullptr, nullptr, name.data(), name.size());
  };
  const auto path_of = [&](int jid) {
    Params params;
    const Outcome outcome = params.number("jid", jid).room("path", 1024).get(*kernel);
    return outcome.failed() ? error_of(outcome) + " " + params.errmsg : params.text_value("path");
  };
  CHECK(!rename("b /etc\n9 c").failed());
  CHECK_EQ(path_of(2), "/etc\n9 c /jails/b");
  CHECK_EQ(path_of(9), "ENOENT jail 9 not found");
  CHECK(!rename("b /x\n1 forged").failed());
  CHECK_EQ(path_of(1), "EBADMSG jail.list holds a jail twice: a host name in it is forged");
  CHECK(!set_int(*kernel, "jail.2.sys_set_hostname", 0).failed());
  CHECK_EQ(error_of(rename("b")), "EPERM");
}

TEST(only_the_hosts_root_makes_enters_and_ends) {
  auto machine = machine_of("dragonfly-6.4");
  auto root = machine->process();
  const int jid = make(*root);
  auto user = machine->process(1001);
  Params params;
  CHECK_EQ(error_of(params.text("path", "/").flag("persist").set(*user, kJailCreate)), "EPERM");
  CHECK_EQ(error_of(user->jail_attach(jid)), "EPERM");
  CHECK_EQ(error_of(user->jail_remove(jid)), "EPERM");
  CHECK_EQ(error_of(set_int(*user, "jail.1.net_raw_sockets", 1)), "EPERM");
  auto inside = machine->process();
  inside->jail_attach(jid);
  Params nested;
  CHECK_EQ(error_of(nested.text("path", "/").flag("persist").set(*inside, kJailCreate)), "EPERM");
  CHECK_EQ(error_of(inside->jail_attach(jid)), "EPERM");
  CHECK_EQ(error_of(set_int(*inside, "jail.defaults.allow_raw_sockets", 1)), "EPERM");
  CHECK_EQ(error_of(root->jail_attach(99)), "EINVAL");
}

TEST(paths_are_looked_up_and_numbers_given_out) {
  SimulatedOptions options;
  options.release = "dragonfly-6.4";
  options.paths = {false, {"/jails", "/jails/a"}, {"/jails/file"}};
  auto machine = machine_of(options);
  auto kernel = machine->process();
  const auto made = [&](const std::string& path) {
    Params params;
    const Outcome outcome = params.text("path", path).flag("persist").set(*kernel, kJailCreate);
    return outcome.failed() ? error_of(outcome) : std::to_string(outcome.value);
  };
  CHECK_EQ(made("/jails/none"), "ENOENT");
  CHECK_EQ(made("/jails/a"), "1");
  CHECK_EQ(made("/jails/file/x"), "ENOTDIR");
  CHECK_EQ(made("/jails/file"), "ENOTDIR");
  CHECK_EQ(made("/jails/a"), "3");
  CHECK_EQ(made("/" + std::string(1030, 'x')), "ENAMETOOLONG");
}

TEST(parameters_follow_the_release) {
  auto older = machine_of("dragonfly-6.4");
  auto kernel = older->process();
  CHECK_EQ(names_of(*kernel, "security.jail.param"),
           "allow.mount.tmpfs allow.mount.nullfs allow.listen_override allow.raw_sockets allow.chflags allow.sysvipc "
           "allow.socket_af allow.set_hostname ip6.addr ip4.addr host.hostname dying path name parent jid ");
  auto newer = machine_of("dragonfly-6.5");
  auto other = newer->process();
  CHECK(names_of(*other, "security.jail.param").find("allow.mount.fusefs allow.mount.procfs allow.mount.devfs") == 0);
  CHECK_EQ(older->release(), "dragonfly-6.4");
  CHECK_EQ(machine_of("dragonfly")->release(), "dragonfly-6.4");
  std::string problem;
  SimulatedOptions options;
  for (const char* unknown : {"dragonfly-4.0", "dragonfly6", "dragonfly-"}) {
    options.release = unknown;
    CHECK(SimulatedMachine::open(options, problem) == nullptr);
  }
  CHECK(problem.find("dragonfly-5.8 to dragonfly-6.5") != std::string::npos);
}

TEST(a_fault_and_an_undo) {
  auto machine = machine_of("dragonfly-6.4");
  auto kernel = machine->process();
  SimulatedFault fault;
  fault.call = "jail";
  fault.error = kENOMEM;
  machine->add_fault(fault);
  Params params;
  CHECK_EQ(error_of(params.text("path", "/").flag("persist").set(*kernel, kJailCreate)), "ENOMEM");
  // The sysctl that sets the permission fails: the jail does not stay with less than was asked for.
  fault.call = "sysctl";
  machine->add_fault(fault);
  Params second;
  CHECK_EQ(error_of(second.text("path", "/").flag("persist").flag("allow.chflags").set(*kernel, kJailCreate)), "ENOMEM");
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "");
  CHECK_EQ(machine->processes().size(), 0u);
}

TEST(a_state_file_keeps_jails_of_dragonfly) {
  SimulatedOptions options;
  options.release = "dragonfly-6.4";
  options.state_file = "dragonfly-state";
  std::remove(options.state_file.c_str());
  auto machine = machine_of(options);
  auto kernel = machine->process();
  Params params;
  params.text("path", "/jails/my web").flag("persist").flag("allow.chflags");
  params.raw(std::string("ip4.addr") + '\0', ip("127.0.0.2") + ip("10.0.0.1"));
  params.raw(std::string("ip6.addr") + '\0', ip("::2"));
  CHECK_EQ(params.set(*kernel, kJailCreate).value, 1);
  CHECK(!set_int(*kernel, "jail.defaults.sysvipc_allowed", 1).failed());
  SimulatedOptions later;
  later.state_file = options.state_file;
  auto again = machine_of(later);
  auto other = again->process();
  CHECK_EQ(again->release(), "dragonfly-6.4");
  CHECK_EQ(sysctl_text(*other, "jail.list"), "1  /jails/my web 127.0.0.2 10.0.0.1 ::2");
  CHECK_EQ(sysctl_int(*other, "jail.1.vfs_chflags"), 1);
  CHECK_EQ(sysctl_int(*other, "jail.defaults.sysvipc_allowed"), 1);
  CHECK(!other->jail_remove(1).failed());
  CHECK_EQ(sysctl_text(*kernel, "jail.list"), "");
  later.release = "15.1";
  std::string problem;
  CHECK(SimulatedMachine::open(later, problem) == nullptr);
  CHECK(problem.find("dragonfly-6.4, not 15.1") != std::string::npos);
  std::remove(options.state_file.c_str());
  std::remove((options.state_file + ".lock").c_str());
}

}  // namespace bsdjail::test

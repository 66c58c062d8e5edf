// The nodes below security.jail as kernels of each release describe them, in the order in which they list them, and
// after them what programs for jails ask of other parts of the tree.
#pragma once

#include <cstdint>

#include "sysctl.h"

namespace bsdjail::simulated {

// Flags of a node, all of them safe to read without the kernel's big lock: read only, writable, settable at creation
// only, and added while the kernel runs.
inline constexpr std::uint32_t kRead = 0x80040000u;
inline constexpr std::uint32_t kWrite = 0xc0040000u;
inline constexpr std::uint32_t kTune = 0x800c1000u;
inline constexpr std::uint32_t kAdded = 0xc2040000u;

struct SysctlRow {
  const char* name;  // '%' stands for each file system that jails may mount
  std::uint32_t kind;
  const char* format;
  int since;  // the release that brought it
  const char* description;
};

inline constexpr SysctlRow kSysctlRows[] = {
    {"security.jail.mount_%_allowed", kAdded | kInt, "I", 1300, "Jail may mount the % file system (deprecated)"},
    {"security.jail.env", kRead | kString, "A", 1500, "Meta information provided by parent jail"},
    {"security.jail.meta_maxbufsize", kWrite | kU32, "IU", 1500, "Maximum buffer size of each meta and env"},
    {"security.jail.param.sysvshm.", kWrite | kInt, "E,jailsys", 1300, "SYSV shared memory"},
    {"security.jail.param.sysvsem.", kWrite | kInt, "E,jailsys", 1300, "SYSV semaphores"},
    {"security.jail.param.sysvmsg.", kWrite | kInt, "E,jailsys", 1300, "SYSV message queues"},
    {"security.jail.param.env", kWrite | kString, "A,keyvalue", 1500, "Jail meta information readable by the jail"},
    {"security.jail.param.meta", kWrite | kString, "A,keyvalue", 1500, "Jail meta information hidden from the jail"},
    {"security.jail.param.allow.mount.%", kAdded | kInt, "B", 1300, "Jail may mount the % file system"},
    {"security.jail.param.allow.mount.", kWrite | kInt, "B", 1300,
     "Jail may mount/unmount jail-friendly file systems in general"},
    {"security.jail.param.allow.setaudit", kWrite | kInt, "B", 1500, "Jail may set and get audit session state"},
    {"security.jail.param.allow.routing", kWrite | kInt, "B", 1500, "Jail may modify routing table"},
    {"security.jail.param.allow.settime", kWrite | kInt, "B", 1500, "Jail may set system time"},
    {"security.jail.param.allow.adjtime", kWrite | kInt, "B", 1500, "Jail may adjust system time"},
    {"security.jail.param.allow.extattr", kWrite | kInt, "B", 1500,
     "Jail may set system-level filesystem extended attributes"},
    {"security.jail.param.allow.nfsd", kWrite | kInt, "B", 1400, "Mountd/nfsd may run in the jail"},
    {"security.jail.param.allow.suser", kWrite | kInt, "B", 1300, "Processes in jail with uid 0 have privilege"},
    {"security.jail.param.allow.unprivileged_parent_tampering", kWrite | kInt, "B", 1500,
     "Unprivileged parent jail processes may tamper with same-uid processes (signal/debug/cpuset)"},
    {"security.jail.param.allow.unprivileged_proc_debug", kWrite | kInt, "B", 1300,
     "Unprivileged processes may use process debugging facilities"},
    {"security.jail.param.allow.read_msgbuf", kWrite | kInt, "B", 1300, "Jail may read the kernel message buffer"},
    {"security.jail.param.allow.reserved_ports", kWrite | kInt, "B", 1300, "Jail may bind sockets to reserved ports"},
    {"security.jail.param.allow.mlock", kWrite | kInt, "B", 1300, "Jail may lock (unlock) physical pages in memory"},
    {"security.jail.param.allow.socket_af", kWrite | kInt, "B", 1300,
     "Jail may create sockets other than just UNIX/IPv4/IPv6/route"},
    {"security.jail.param.allow.quotas", kWrite | kInt, "B", 1300, "Jail may set file quotas"},
    {"security.jail.param.allow.chflags", kWrite | kInt, "B", 1300, "Jail may alter system file flags"},
    {"security.jail.param.allow.raw_sockets", kWrite | kInt, "B", 1300, "Jail may create raw sockets"},
    {"security.jail.param.allow.sysvipc", kWrite | kInt, "B", 1300, "Jail may use SYSV IPC"},
    {"security.jail.param.allow.set_hostname", kWrite | kInt, "B", 1300, "Jail may set hostname"},
    {"security.jail.param.ip6.saddrsel", kWrite | kInt, "B", 1300,
     "Do (not) use IPv6 source address selection rather than the primary jail IPv6 address."},
    {"security.jail.param.ip6.addr", kWrite | kOpaque, "S,in6_addr,a", 1300, "Jail IPv6 addresses"},
    {"security.jail.param.ip6.", kTune | kInt, "E,jailsys", 1300, "Jail IPv6 address virtualization"},
    {"security.jail.param.ip4.saddrsel", kWrite | kInt, "B", 1300,
     "Do (not) use IPv4 source address selection rather than the primary jail IPv4 address."},
    {"security.jail.param.ip4.addr", kWrite | kOpaque, "S,in_addr,a", 1300, "Jail IPv4 addresses"},
    {"security.jail.param.ip4.", kTune | kInt, "E,jailsys", 1300, "Jail IPv4 address virtualization"},
    {"security.jail.param.cpuset.id", kRead | kInt, "I", 1300, "Jail cpuset ID"},
    {"security.jail.param.host.hostid", kWrite | kUlong, "LU", 1300, "Jail host ID"},
    {"security.jail.param.host.hostuuid", kWrite | kString, "A", 1300, "Jail host UUID"},
    {"security.jail.param.host.domainname", kWrite | kString, "A", 1300, "Jail NIS domainname"},
    {"security.jail.param.host.hostname", kWrite | kString, "A", 1300, "Jail hostname"},
    {"security.jail.param.host.", kWrite | kInt, "E,jailsys", 1300, "Jail host info"},
    {"security.jail.param.children.max", kWrite | kInt, "I", 1300, "Maximum number of child jails"},
    {"security.jail.param.children.cur", kRead | kInt, "I", 1300, "Current number of child jails"},
    {"security.jail.param.dying", kRead | kInt, "B", 1300, "Jail is in the process of shutting down"},
    {"security.jail.param.vnet", kTune | kInt, "E,jailsys", 1300, "Virtual network stack"},
    {"security.jail.param.persist", kWrite | kInt, "B", 1300, "Jail persistence"},
    {"security.jail.param.devfs_ruleset", kWrite | kInt, "I", 1300, "Ruleset for in-jail devfs mounts"},
    {"security.jail.param.enforce_statfs", kWrite | kInt, "I", 1300, "Jail cannot see all mounted file systems"},
    {"security.jail.param.osrelease", kTune | kString, "A", 1300, "Jail value for kern.osrelease and uname -r"},
    {"security.jail.param.osreldate", kTune | kInt, "I", 1300, "Jail value for kern.osreldate and uname -K"},
    {"security.jail.param.securelevel", kWrite | kInt, "I", 1300, "Jail secure level"},
    {"security.jail.param.path", kTune | kString, "A", 1300, "Jail root path"},
    {"security.jail.param.name", kWrite | kString, "A", 1300, "Jail name"},
    {"security.jail.param.parent", kRead | kInt, "I", 1300, "Jail parent ID"},
    {"security.jail.param.jid", kTune | kInt, "I", 1300, "Jail ID"},
    {"security.jail.children.cur", kRead | kInt, "I", 1500, "Current number of child jails"},
    {"security.jail.children.max", kRead | kInt, "I", 1500, "Maximum number of child jails"},
    {"security.jail.devfs_ruleset", kRead | kInt, "I", 1300, "Ruleset for the devfs filesystem in jail (deprecated)"},
    {"security.jail.enforce_statfs", kWrite | kInt, "I", 1300,
     "Processes in jail cannot see all mounted file systems (deprecated)"},
    {"security.jail.mlock_allowed", kWrite | kInt, "I", 1400,
     "Processes in jail can lock/unlock physical pages in memory"},
    {"security.jail.mount_allowed", kWrite | kInt, "I", 1300,
     "Processes in jail can mount/unmount jail-friendly file systems (deprecated)"},
    {"security.jail.chflags_allowed", kWrite | kInt, "I", 1300,
     "Processes in jail can alter system file flags (deprecated)"},
    {"security.jail.allow_raw_sockets", kWrite | kInt, "I", 1300, "Prison root can create raw sockets (deprecated)"},
    {"security.jail.sysvipc_allowed", kWrite | kInt, "I", 1300,
     "Processes in jail can use System V IPC primitives (deprecated)"},
    {"security.jail.socket_unixiproute_only", kWrite | kInt, "I", 1300,
     "Processes in jail are limited to creating UNIX/IP/route sockets only (deprecated)"},
    {"security.jail.set_hostname_allowed", kWrite | kInt, "I", 1300,
     "Processes in jail can set their hostnames (deprecated)"},
    {"security.jail.jail_max_af_ips", kWrite | kUint, "IU", 1300,
     "Number of IP addresses a jail may have at most per address family (deprecated)"},
    {"security.jail.vnet", kRead | kInt, "I", 1300, "Jail owns vnet?"},
    {"security.jail.jailed", kRead | kInt, "I", 1300, "Process in jail?"},
    {"security.jail.list", kRead | kOpaque, "S", 1300, "List of active jails"},
    {"security.bsd.suser_enabled", kWrite | kSysctlPrison | kInt, "I", 1300, "Processes with uid 0 have privilege"},
    {"kern.ostype", kRead | kString, "A", 1300, "Operating system type"},
    {"kern.osrelease", kRead | kString, "A", 1300, "Operating system release"},
    {"kern.osreldate", kRead | kInt, "I", 1300, "Kernel release date"},
    {"kern.hostname", kRead | kString, "A", 1300, "Hostname"},
    {"kern.domainname", kRead | kString, "A", 1300, "Name of the current YP/NIS domain"},
    {"kern.hostuuid", kRead | kString, "A", 1300, "Host UUID"},
    {"kern.hostid", kRead | kUlong, "LU", 1300, "Host ID"},
    {"kern.securelevel", kRead | kInt, "I", 1300, "Current secure level"},
    {"kern.features.vimage", kRead | kInt, "I", 1300, "VIMAGE kernel virtualization"},
    {"kern.features.inet", kRead | kInt, "I", 1300, "Internet Protocol version 4"},
    {"kern.features.inet6", kRead | kInt, "I", 1300, "Internet Protocol version 6"},
    {"kern.racct.enable", kRead | kInt, "I", 1300, "Enable RACCT/RCTL"},
};

}  // namespace bsdjail::simulated

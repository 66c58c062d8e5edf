/** How a part of the system is seen in a jail: its own, its parent's, or not at all. `jail(8)`. */
export type JailSys = "new" | "inherit" | "disable";

/** Keys and texts of `meta` and `env`. */
export type KeyValues = string | Readonly<Record<string, string>>;

/**
 * Parameters of a jail by the kernel's names, as `jail_get(2)` gives them. A kernel can have fewer (older releases) or
 * more (modules): merge your own into this interface to type them.
 */
export interface JailValues {
  /** The jail's id. */
  jid: number;
  /** The id of the jail it is in; 0 for the reader's own. */
  parent: number;
  /** The full name, with the names of the jails it is in before it, dot-separated. At most 255 bytes. */
  name: string;
  /** Its root directory, on the host. Settable at creation only. */
  path: string;
  /** It stays without processes. Default of `create`: true. */
  persist: boolean;
  /** It is on its way out, and only waits for what still refers to it. */
  dying: boolean;
  /** See `securelevel(7)`; never below its parent's. -1 to 3. */
  securelevel: number;
  /** How much of the mount table it sees: 0 all, 1 below its root, 2 its root alone. */
  enforce_statfs: number;
  /** The devfs ruleset of its /dev; 0 for none. 0 to 65535. */
  devfs_ruleset: number;
  /** Jails inside it. */
  "children.cur": number;
  /** Most jails that may be inside it. Default 0. */
  "children.max": number;
  /** What `uname -r` says inside. At most 31 bytes. Settable at creation only. */
  osrelease: string;
  /** What `uname -K` says inside. Settable at creation only. */
  osreldate: number;
  /** Host name, domain, UUID and id: its own or its parent's. */
  host: JailSys;
  /** The host name inside. At most 255 bytes. */
  "host.hostname": string;
  /** The NIS domain. At most 255 bytes. */
  "host.domainname": string;
  /** The host's UUID inside, `kern.hostuuid`. At most 63 bytes. */
  "host.hostuuid": string;
  /** The host's number inside, `kern.hostid`: 64 bits, so a bigint. */
  "host.hostid": bigint;
  /** A network stack of its own, or its parent's. Settable at creation only. */
  vnet: JailSys;
  /** IPv4: own addresses, all of the parent's, none. Settable at creation only. */
  ip4: JailSys;
  /** Its IPv4 addresses; the first is the primary one, the kernel sorts the rest. */
  "ip4.addr": string[];
  /** Choose the source address by the route, not the primary address. Default true. */
  "ip4.saddrsel": boolean;
  /** IPv6: own addresses, all of the parent's, none. Settable at creation only. */
  ip6: JailSys;
  /** Its IPv6 addresses; the first is the primary one, the kernel sorts the rest. */
  "ip6.addr": string[];
  /** As `ip4.saddrsel`. Default true. */
  "ip6.saddrsel": boolean;
  /** The id of its processor set. */
  "cpuset.id": number;
  /** Text that the jail does not see (FreeBSD 15). */
  meta: string;
  /** Text that the jail can read as `security.jail.env` (FreeBSD 15). */
  env: string;
  /** It may change its host name. Default true. */
  "allow.set_hostname": boolean;
  /** It may use System V IPC (deprecated: see `sysvmsg`, `sysvsem`, `sysvshm`). */
  "allow.sysvipc": boolean;
  /** It may open raw sockets: ping, traceroute. */
  "allow.raw_sockets": boolean;
  /** It may change system file flags. */
  "allow.chflags": boolean;
  /** It may mount and unmount file systems of the kinds allowed by `allow.mount.*`; with `enforce_statfs` below 2. */
  "allow.mount": boolean;
  /** devfs; with `allow.mount` and `enforce_statfs` below 2, as all that follow. */
  "allow.mount.devfs": boolean;
  /** fdescfs. */
  "allow.mount.fdescfs": boolean;
  /** File systems by FUSE. */
  "allow.mount.fusefs": boolean;
  /** linprocfs, the Linux emulation's /proc. */
  "allow.mount.linprocfs": boolean;
  /** linsysfs, the Linux emulation's /sys. */
  "allow.mount.linsysfs": boolean;
  /** nullfs: a directory in another place. */
  "allow.mount.nullfs": boolean;
  /** p9fs: a directory that a virtual machine's host shares (FreeBSD 15). */
  "allow.mount.p9fs": boolean;
  /** procfs. */
  "allow.mount.procfs": boolean;
  /** tmpfs, which takes memory of the host. */
  "allow.mount.tmpfs": boolean;
  /** ZFS: the datasets that the jail was given. */
  "allow.mount.zfs": boolean;
  /** It may administer quotas. */
  "allow.quotas": boolean;
  /** It may open sockets beyond local, IPv4, IPv6 and route. */
  "allow.socket_af": boolean;
  /** It may lock memory. */
  "allow.mlock": boolean;
  /** It may bind ports below 1024. Default true. */
  "allow.reserved_ports": boolean;
  /** Its unprivileged users may read the kernel's messages. */
  "allow.read_msgbuf": boolean;
  /** Its unprivileged users may debug. Default true. */
  "allow.unprivileged_proc_debug": boolean;
  /** Its parent's unprivileged users may signal and debug their own processes in it (FreeBSD 15). */
  "allow.unprivileged_parent_tampering": boolean;
  /** Its root has a root's rights. Default true. */
  "allow.suser": boolean;
  /** It may serve NFS (needs vnet). */
  "allow.nfsd": boolean;
  /** It may set system extended attributes. */
  "allow.extattr": boolean;
  /** It may slew the clock. */
  "allow.adjtime": boolean;
  /** It may set the clock. */
  "allow.settime": boolean;
  /** It may change the routing table. */
  "allow.routing": boolean;
  /** It may use audit sessions. */
  "allow.setaudit": boolean;
  /** It may use virtual machines, with vmm(4). */
  "allow.vmm": boolean;
  /** System V shared memory: segments of its own, its parent's, none. */
  sysvshm: JailSys;
  /** System V semaphores: of its own, its parent's, none. */
  sysvsem: JailSys;
  /** System V message queues: of its own, its parent's, none. */
  sysvmsg: JailSys;
  /** What the Linux emulation calls itself: as its parent's, or as set here (needs the module linux). */
  linux: JailSys;
  /** What Linux programs get as the system's name. */
  "linux.osname": string;
  /** What Linux programs get as the kernel's release. */
  "linux.osrelease": string;
  /** The version of the Open Sound System that Linux programs find. */
  "linux.oss_version": number;
  /** ZFS settings: as its parent's, or its own (needs the module zfs). */
  zfs: JailSys;
  /** 1: its users may look into the snapshots below `.zfs`; with `allow.mount.zfs` mount them too. Default 0. */
  "zfs.mount_snapshot": number;
}

/** A name of {@link JailValues}, a key of `meta` or `env`, or any other name that the kernel may know. */
export type JailParameterName = keyof JailValues | `meta.${string}` | `env.${string}` | (string & {});

/** The type of a parameter's value when it is read. */
export type JailValue<Name extends string> = Name extends keyof JailValues
  ? JailValues[Name]
  : Name extends `meta.${string}` | `env.${string}`
    ? string | undefined
    : unknown;

type ReadOnly = "parent" | "dying" | "children.cur" | "cpuset.id";
type Widened = "host.hostid" | "ip4.addr" | "ip6.addr" | "meta" | "env";

/** Parameters to give a jail, by the kernel's names; booleans are names, so `false` is the name's negation. `jail(8)`. */
export type JailParameters = {
  [Name in Exclude<keyof JailValues, ReadOnly | Widened>]?: JailValues[Name] | undefined;
} & {
  /** A bigint, or a number that is a safe integer. */
  "host.hostid"?: bigint | number | undefined;
  /** One address, or a list; an empty list takes all away. */
  "ip4.addr"?: string | readonly string[] | undefined;
  /** As `ip4.addr`. */
  "ip6.addr"?: string | readonly string[] | undefined;
  /** Text, or a record of keys, that the jail does not see: takes the place of all that was there (FreeBSD 15). */
  meta?: KeyValues | undefined;
  /** The same, which the jail can read as `security.jail.env`. */
  env?: KeyValues | undefined;
} & { [Key in `meta.${string}` | `env.${string}`]?: string | null | undefined };

/** The declared way out for parameters that are not in {@link JailParameters}: those of modules, or of newer kernels. */
export interface UncheckedParameters {
  readonly [name: string]: unknown;
}

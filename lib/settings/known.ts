/** The settings of the host that are about jails: what each means, its type, and where it is. */

/** Settings by sysctl name, as {@link HostSettings} gives them. A kernel has some of them; which is asked at run time. */
export interface HostSettingValues {
  /** Whether this process is in a jail. Read only. */
  "security.jail.jailed": boolean;
  /** Whether this process's jail has a network stack of its own. Read only. */
  "security.jail.vnet": boolean;
  /** Jails inside this process's own. Read only (FreeBSD 15). */
  "security.jail.children.cur": number;
  /** Most jails that may be inside this process's own. Read only (FreeBSD 15). */
  "security.jail.children.max": number;
  /** Most addresses of one family that a jail may have. Default 255. */
  "security.jail.jail_max_af_ips": number;
  /** Most bytes of `meta` and of `env`, each. Default 4096 (FreeBSD 15). */
  "security.jail.meta_maxbufsize": number;
  /** `enforce_statfs` of a jail made by jail(2). Default 2. */
  "security.jail.enforce_statfs": number;
  /** `devfs_ruleset` of this process's jail. Read only. */
  "security.jail.devfs_ruleset": number;
  /** `allow.set_hostname` of a jail made by jail(2). Default true. */
  "security.jail.set_hostname_allowed": boolean;
  /** `allow.socket_af`, the other way round, of a jail made by jail(2). Default true. */
  "security.jail.socket_unixiproute_only": boolean;
  /** `allow.sysvipc` of a jail made by jail(2). Default false. */
  "security.jail.sysvipc_allowed": boolean;
  /** `allow.raw_sockets` of a jail made by jail(2). Default false. */
  "security.jail.allow_raw_sockets": boolean;
  /** `allow.chflags` of a jail made by jail(2). Default false. */
  "security.jail.chflags_allowed": boolean;
  /** `allow.mount` of a jail made by jail(2). Default false. */
  "security.jail.mount_allowed": boolean;
  /** `allow.mlock` of a jail made by jail(2). Default false (FreeBSD 14). */
  "security.jail.mlock_allowed": boolean;
  /** IPv4 source address selection for all jails: FreeBSD 7.3 and later 7. Newer ones have the parameter `ip4.saddrsel`. */
  "security.jail.ip4_saddrsel": boolean;
  /** The same for IPv6; newer ones have the parameter `ip6.saddrsel`. */
  "security.jail.ip6_saddrsel": boolean;
  /** Whether user id 0 has a superuser's rights. Default true. */
  "security.bsd.suser_enabled": boolean;
  /** The kernel has network stacks per jail (options VIMAGE). Read only. */
  "kern.features.vimage": boolean;
  /** The kernel has IPv4. Read only. */
  "kern.features.inet": boolean;
  /** The kernel has IPv6. Read only. */
  "kern.features.inet6": boolean;
  /** Resource accounting, which rctl(8) limits need. Set in loader.conf(5). Default false. */
  "kern.racct.enable": boolean;
  /** Routing tables, for `exec.fib`. Default 1. */
  "net.fibs": number;
  /** Whether new interface addresses make routes in every routing table. Default false since FreeBSD 13. */
  "net.add_addr_allfibs": boolean;
  /** What chroot(2) says to open directories: 0 refuses them, 1 only to those chrooted already, 2 never. Default 1. */
  "kern.chroot_allow_open_directories": number;

  /** Whether this process is in a jail. Read only (DragonFly BSD). */
  "jail.jailed": boolean;
  /** A new jail may change its host name. Default true (DragonFly BSD). */
  "jail.defaults.set_hostname_allowed": boolean;
  /** A new jail has only local, IPv4, IPv6 and route sockets (DragonFly BSD). */
  "jail.defaults.socket_unixiproute_only": boolean;
  /** A new jail may use System V IPC. Default false (DragonFly BSD). */
  "jail.defaults.sysvipc_allowed": boolean;
  /** A new jail's root may change system file flags. Default false (DragonFly BSD). */
  "jail.defaults.chflags_allowed": boolean;
  /** A new jail's root may open raw sockets. Default false (DragonFly BSD). */
  "jail.defaults.allow_raw_sockets": boolean;
  /** A new jail's listeners go before the host's wildcard ones. Default false (DragonFly BSD 5.8). */
  "jail.defaults.allow_listen_override": boolean;
  /** A new jail may mount nullfs. Default false (DragonFly BSD). */
  "jail.defaults.vfs_mount_nullfs": boolean;
  /** A new jail may mount tmpfs. Default false (DragonFly BSD). */
  "jail.defaults.vfs_mount_tmpfs": boolean;
  /** A new jail may mount devfs. Default false (DragonFly BSD, newer ones). */
  "jail.defaults.vfs_mount_devfs": boolean;
  /** A new jail may mount procfs. Default false (DragonFly BSD, newer ones). */
  "jail.defaults.vfs_mount_procfs": boolean;
  /** A new jail may mount FUSE file systems. Default false (DragonFly BSD, newer ones). */
  "jail.defaults.vfs_mount_fusefs": boolean;
}

/** A setting's name: one of {@link HostSettingValues}, or any other sysctl that holds a number or a text. */
export type HostSettingName = keyof HostSettingValues | (string & {});

/** The type of a setting's value. */
export type HostSettingValue<Name extends string> = Name extends keyof HostSettingValues
  ? HostSettingValues[Name]
  : boolean | number | bigint | string;

/** What is known of a setting beyond what the kernel tells of it. */
export interface KnownSetting {
  readonly boolean: boolean;
  /** Set in loader.conf(5) alone, whatever the node's flags say. */
  readonly loader?: boolean;
  /** What to do where the kernel has no such setting. */
  readonly missing?: string;
}

const FLAG: KnownSetting = { boolean: true };
const NUMBER: KnownSetting = { boolean: false };
const SINCE_15 = "FreeBSD has it since 15.0.";
const saddrsel = (family: string): KnownSetting => ({
  boolean: true,
  missing: `FreeBSD 7.3 had it, for all jails at once; since 8.0 each jail has the parameter ${family}.saddrsel.`,
});

/** What is known of each setting of {@link HostSettingValues}. */
export const KNOWN_SETTINGS: Readonly<Record<keyof HostSettingValues, KnownSetting>> = {
  "security.jail.jailed": FLAG,
  "security.jail.vnet": FLAG,
  "security.jail.children.cur": { ...NUMBER, missing: SINCE_15 },
  "security.jail.children.max": { ...NUMBER, missing: SINCE_15 },
  "security.jail.jail_max_af_ips": NUMBER,
  "security.jail.meta_maxbufsize": { ...NUMBER, missing: SINCE_15 },
  "security.jail.enforce_statfs": NUMBER,
  "security.jail.devfs_ruleset": NUMBER,
  "security.jail.set_hostname_allowed": FLAG,
  "security.jail.socket_unixiproute_only": FLAG,
  "security.jail.sysvipc_allowed": FLAG,
  "security.jail.allow_raw_sockets": FLAG,
  "security.jail.chflags_allowed": FLAG,
  "security.jail.mount_allowed": FLAG,
  "security.jail.mlock_allowed": { ...FLAG, missing: "FreeBSD has it since 14.0; allow.mlock is there in 13 as well." },
  "security.jail.ip4_saddrsel": saddrsel("ip4"),
  "security.jail.ip6_saddrsel": saddrsel("ip6"),
  "security.bsd.suser_enabled": FLAG,
  "kern.features.vimage": {
    ...FLAG,
    missing: "The kernel was built without options VIMAGE; GENERIC has it since 12.0.",
  },
  "kern.features.inet": { ...FLAG, missing: "The kernel was built without IPv4." },
  "kern.features.inet6": { ...FLAG, missing: "The kernel was built without IPv6." },
  "kern.racct.enable": {
    ...FLAG,
    loader: true,
    missing: "The kernel was built without options RACCT; GENERIC has it since 10.2.",
  },
  "net.fibs": NUMBER,
  "net.add_addr_allfibs": FLAG,
  "kern.chroot_allow_open_directories": NUMBER,
  "jail.jailed": FLAG,
  "jail.defaults.set_hostname_allowed": FLAG,
  "jail.defaults.socket_unixiproute_only": FLAG,
  "jail.defaults.sysvipc_allowed": FLAG,
  "jail.defaults.chflags_allowed": FLAG,
  "jail.defaults.allow_raw_sockets": FLAG,
  "jail.defaults.allow_listen_override": { ...FLAG, missing: "DragonFly BSD has it since 5.8." },
  "jail.defaults.vfs_mount_nullfs": FLAG,
  "jail.defaults.vfs_mount_tmpfs": FLAG,
  "jail.defaults.vfs_mount_devfs": FLAG,
  "jail.defaults.vfs_mount_procfs": FLAG,
  "jail.defaults.vfs_mount_fusefs": FLAG,
};

/** Whether a setting is a boolean: what is known of it, and else what the name says. */
export function isBooleanSetting(name: string): boolean {
  const known = Object.hasOwn(KNOWN_SETTINGS, name) ? KNOWN_SETTINGS[name as keyof HostSettingValues] : undefined;
  if (known !== undefined) return known.boolean;
  // Modules bring security.jail.mount_<type>_allowed; all that stands below jail.defaults is a bit.
  return (
    /^security\.jail\.\w+_allowed$/.test(name) || name.startsWith("jail.defaults.") || name.startsWith("kern.features.")
  );
}

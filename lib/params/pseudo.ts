/** What the value of a parameter of jail(8) itself is. */
export type PseudoKind = "boolean" | "seconds" | "number" | "text" | "list" | "commands";

/** Parameters that are for jail(8) and not for the kernel, by name, and what their values are. */
export const PSEUDO_PARAMETERS = {
  "exec.prepare": "commands",
  "exec.prestart": "commands",
  "exec.created": "commands",
  "exec.start": "commands",
  command: "commands",
  "exec.poststart": "commands",
  "exec.prestop": "commands",
  "exec.stop": "commands",
  "exec.poststop": "commands",
  "exec.release": "commands",
  "exec.clean": "boolean",
  "exec.jail_user": "text",
  "exec.system_jail_user": "boolean",
  "exec.system_user": "text",
  "exec.timeout": "seconds",
  "exec.consolelog": "text",
  "exec.fib": "number",
  "stop.timeout": "seconds",
  interface: "text",
  "ip4.addr": "list",
  "ip6.addr": "list",
  ip_hostname: "boolean",
  "vnet.interface": "list",
  mount: "list",
  "mount.fstab": "list",
  "mount.devfs": "boolean",
  "mount.fdescfs": "boolean",
  "mount.procfs": "boolean",
  "zfs.dataset": "list",
  depend: "list",
  "allow.dying": "boolean",
} as const satisfies Readonly<Record<string, PseudoKind>>;

/** Parameters that are both: jail(8) reads them, and the kernel gets what is left of them. */
export const SHARED_PARAMETERS = ["ip4.addr", "ip6.addr"] as const;

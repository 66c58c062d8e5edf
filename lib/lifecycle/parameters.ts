import { JailParameterError } from "../errors.js";
import type { HookValue } from "./hook.js";
import type { ReadyProbe } from "./ready.js";

/** Parameters that hold commands, in the order of a jail's life. */
export const EXEC_HOOKS = [
  "exec.prepare",
  "exec.prestart",
  "exec.created",
  "exec.start",
  "command",
  "exec.poststart",
  "exec.prestop",
  "exec.stop",
  "exec.poststop",
  "exec.release",
] as const;

/** A parameter that holds commands. */
export type ExecHook = (typeof EXEC_HOOKS)[number];

/** Whether commands of a hook run inside the jail. */
export function runsInJail(hook: ExecHook): boolean {
  return hook === "exec.start" || hook === "command" || hook === "exec.stop";
}

/** A single value or a list of them. */
export type OneOrMore<T> = T | readonly T[];

/**
 * The pseudo-parameters: what jail(8) does around the kernel, with its own names. A boolean is set by `true` and unset
 * by `false`; times are seconds.
 */
export interface PseudoParameters {
  /** Commands on the host before anything else: they may make the jail's files. */
  readonly "exec.prepare"?: OneOrMore<HookValue>;
  /** Commands on the host before the jail is made, its addresses and mounts are there. */
  readonly "exec.prestart"?: OneOrMore<HookValue>;
  /** Commands on the host right after the jail was made. */
  readonly "exec.created"?: OneOrMore<HookValue>;
  /** Commands in the jail once it is made. */
  readonly "exec.start"?: OneOrMore<HookValue>;
  /** As `exec.start`, after it. */
  readonly command?: OneOrMore<HookValue>;
  /** Commands on the host after those in the jail. */
  readonly "exec.poststart"?: OneOrMore<HookValue>;
  /** Commands on the host before the jail is stopped. */
  readonly "exec.prestop"?: OneOrMore<HookValue>;
  /** Commands in the jail that stop it. */
  readonly "exec.stop"?: OneOrMore<HookValue>;
  /** Commands on the host after the jail was removed. */
  readonly "exec.poststop"?: OneOrMore<HookValue>;
  /** Commands on the host after everything else. */
  readonly "exec.release"?: OneOrMore<HookValue>;
  /** Commands start with an empty environment. Default `false`. */
  readonly "exec.clean"?: boolean;
  /** The user of commands in the jail. Default: the caller's own. */
  readonly "exec.jail_user"?: string;
  /** `exec.jail_user` is looked up in the host's password file. Default `false`. */
  readonly "exec.system_jail_user"?: boolean;
  /** The user of commands on the host. Default: the caller's own. */
  readonly "exec.system_user"?: string;
  /** Seconds after which a command is ended and its step has failed; 0 for no limit. Default 0. */
  readonly "exec.timeout"?: number | string;
  /** A file that commands in the jail write to, absolute, appended. Default: none. */
  readonly "exec.consolelog"?: string;
  /** The routing table of commands in the jail. Default: the caller's own. */
  readonly "exec.fib"?: number | string;
  /** Seconds between TERM to the jail's processes and its removal; 0 removes at once. Default 10. */
  readonly "stop.timeout"?: number | string;
  /** The interface that gets an alias for each address that does not name its own. */
  readonly interface?: string;
  /** IPv4 addresses: `interface|address/mask words`. */
  readonly "ip4.addr"?: OneOrMore<string>;
  /** IPv6 addresses: `interface|address/prefix words`. */
  readonly "ip6.addr"?: OneOrMore<string>;
  /** The addresses of `host.hostname` are the jail's too. Default `false`. */
  readonly ip_hostname?: boolean;
  /** Interfaces to move into the jail's own network stack. */
  readonly "vnet.interface"?: OneOrMore<string>;
  /** File systems to mount: fstab(5) lines. */
  readonly mount?: OneOrMore<string>;
  /** Files with such lines. */
  readonly "mount.fstab"?: OneOrMore<string>;
  /** devfs(4) on the jail's /dev, with `devfs_ruleset` or 4. Default `false`. */
  readonly "mount.devfs"?: boolean;
  /** fdescfs(4) on the jail's /dev/fd. Default `false`. */
  readonly "mount.fdescfs"?: boolean;
  /** procfs(4) on the jail's /proc. Default `false`. */
  readonly "mount.procfs"?: boolean;
  /** Datasets to attach to the jail; each must have the property `jailed`. */
  readonly "zfs.dataset"?: OneOrMore<string>;
  /** Jails that must be up before this one is. */
  readonly depend?: OneOrMore<string>;
  /** Accepted and without effect, as in jail(8). */
  readonly "allow.dying"?: boolean;
}

/** Parameters of both kinds; values of the kernel's also as jail.conf writes them, in texts. */
export type DefinedParameters = PseudoParameters & { readonly [name: string]: unknown };

/** A jail as it is to be: its name, its parameters of both kinds, and when it counts as up. */
export interface JailDefinition {
  /** The full dotted name. */
  readonly name: string;
  /** Kernel parameters and {@link PseudoParameters} by their own names; a `no` prefix is understood. */
  readonly parameters: DefinedParameters;
  /** When the jail is ready, asked after its last start step. Default: at once. */
  readonly ready?: OneOrMore<ReadyProbe>;
}

/** Definitions that are some. @throws JailParameterError for what is none */
export function checkDefinitions(definitions: readonly JailDefinition[]): readonly JailDefinition[] {
  const given: unknown = definitions;
  if (!Array.isArray(given))
    throw new JailParameterError("definitions", given, "they must be an array of { name, parameters }");
  given.forEach((each: Partial<JailDefinition> | null | undefined, at) => {
    const { name, parameters } = each ?? {};
    if (typeof name !== "string" || name === "")
      throw new JailParameterError(`definitions[${at}].name`, name, "it must be the jail's name");
    if (typeof parameters !== "object" || parameters === null)
      throw new JailParameterError(`definitions[${at}].parameters`, parameters, "they must be an object");
  });
  return definitions;
}

import type { MachineOptions } from "../machine/machine.js";
import type { Watched } from "../machine/run.js";

/** A jail of the kernel, as far as the lifecycle looks at it. */
export interface RunningJail {
  readonly jid: number;
  /** The full dotted name. */
  readonly name: string;
  readonly path: string;
  readonly dying: boolean;
  readonly ip4: readonly string[];
  readonly ip6: readonly string[];
}

/** A command to run in a jail. */
export interface JailCommand {
  readonly argv: readonly string[];
  readonly user: string | undefined;
  /** The user is of the host's password file. */
  readonly hostUser: boolean;
  readonly clean: boolean;
  readonly fib: number | undefined;
  readonly background: boolean;
  /** It is killed when this process ends. Default `false`. */
  readonly dependent?: boolean;
  /** A descriptor that gets what the command writes, instead of the caller. */
  readonly outputFd: number | undefined;
  /** `"inherit"`: this process's own streams. */
  readonly streams: "pipe" | "inherit";
}

/** A process in a jail. */
export interface JailProcess {
  readonly pid: number;
  readonly command: string;
}

/** What happens inside jails. */
export interface JailCommands {
  /** Starts a command in a jail; resolves when it is inside. */
  start(jid: number, command: JailCommand, options?: MachineOptions): Promise<Watched & { readonly pid: number }>;
  /** The jail's own processes, without those of its children. */
  processes(jid: number, options?: MachineOptions): Promise<readonly JailProcess[]>;
  /** What still holds a jail that should stop or be gone. */
  blockers(jid: number, options?: MachineOptions): Promise<readonly JailBlocker[]>;
  /** Signals the jail's own processes; resolves with how many there were. */
  kill(jid: number, signal: "SIGTERM" | "SIGKILL", options?: MachineOptions): Promise<number>;
}

/**
 * What the lifecycle needs of jails: the calls of `JailHost` and `Jail` that it makes, and nothing else of them. What the
 * kernel refuses is thrown as a JailError.
 */
export interface JailPort extends JailCommands {
  /** Jails, dying ones last. */
  list(options?: MachineOptions): Promise<readonly RunningJail[]>;
  /** A living jail by its full name. */
  find(name: string, options?: MachineOptions): Promise<RunningJail | undefined>;
  /** Makes a jail; resolves with its jid. */
  create(parameters: Readonly<Record<string, unknown>>, options?: MachineOptions): Promise<number>;
  /** Changes a jail. */
  update(jid: number, parameters: Readonly<Record<string, unknown>>, options?: MachineOptions): Promise<void>;
  /** Reads parameters of a jail, those that this kernel has. */
  get(jid: number, names: readonly string[], options?: MachineOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Asks the kernel to remove a jail; no error where it is gone already. */
  remove(jid: number, options?: MachineOptions): Promise<void>;
  /** Whether a jail of that jid and name is still there, dying or not. */
  lingers(jid: number, name: string, options?: MachineOptions): Promise<boolean>;
  /** Parameters that differ between what is asked and what is running, by this kernel's own encoding. */
  differences(
    jid: number,
    parameters: Readonly<Record<string, unknown>>,
    options?: MachineOptions,
  ): Promise<readonly ParameterDifference[]>;
  /** What is wrong with parameters, by this kernel's own table: nothing is asked of the kernel for it. */
  check(
    parameters: Readonly<Record<string, unknown>>,
  ): readonly { readonly parameter: string; readonly message: string }[];
}

/** Something that holds a jail. */
export interface JailBlocker {
  /** What holds it, in one sentence. */
  readonly what: string;
  readonly shows: string;
  /** What would free it. */
  readonly frees: string;
}

/** A parameter that is not as it is asked for. */
export interface ParameterDifference {
  readonly parameter: string;
  readonly wanted: unknown;
  readonly running: unknown;
  /** The kernel takes it only when a jail is made. */
  readonly fixed: boolean;
}

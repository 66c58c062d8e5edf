import type { Machine, MachineOptions } from "../machine/machine.js";
import type { LifecycleEvent } from "./events.js";
import type { JailPort } from "./port.js";

/** What a {@link Lifecycle} works with. */
export interface LifecycleOptions {
  readonly jails: JailPort;
  readonly machine: Machine;
  /** The folder of the ledgers, absolute. Default `/var/db/bsdjail`. */
  readonly directory?: string;
}

/** Options of every run. */
export interface RunningOptions extends MachineOptions {
  /** Names of the jails that are meant; those that they need come along. Default: all that are defined. */
  readonly only?: readonly string[];
  /** How many commands run at once. Default: no limit; 1 also takes one jail after the other. */
  readonly parallel?: number;
  /** Called with each event as it happens. What it throws ends the run's promise. */
  readonly onEvent?: (event: LifecycleEvent) => void;
  /** Milliseconds for everything together: hooks are cut short, and what must be done is done. Default: no limit. */
  readonly withinMs?: number;
  /** Milliseconds for each command of a jail that has no `exec.timeout` of its own. Default: no limit. */
  readonly timeoutMs?: number;
  /** What commands write is kept, for {@link Lifecycle.logs}. Default `true`. */
  readonly logs?: boolean;
  /** `"inherit"`: commands write to this process's own streams and read from its input. Default `"pipe"`. */
  readonly streams?: "pipe" | "inherit";
  /** Bytes of each stream that a step's event keeps. Default 65536. */
  readonly keepBytes?: number;
  /** Milliseconds between TERM and KILL for a command whose time is over. Default 2000. */
  readonly killAfterMs?: number;
}

/** Options of a start. */
export interface UpOptions extends RunningOptions {
  /** What to do with a jail that is up: nothing, or fail with EEXIST as jail(8) does. Default `"keep"`. */
  readonly running?: "keep" | "fail";
}

/** Options of a stop. */
export interface DownOptions extends RunningOptions {
  /** A failed hook does not keep the jail from being removed. Default `false`. */
  readonly force?: boolean;
  /**
   * What is ours of a jail that has no ledger because somebody else started it: `"nothing"` but the jail, or, as in
   * jail(8), whatever its `"definition"` names. Default `"nothing"`.
   */
  readonly unrecorded?: "nothing" | "definition";
  /** What to do with a jail that is not there: nothing, or fail with ENOENT as jail(8) does. Default `"keep"`. */
  readonly missing?: "keep" | "fail";
}

export const DEFAULT_DIRECTORY = "/var/db/bsdjail";

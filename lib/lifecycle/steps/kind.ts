import type { Machine, MountEntry } from "../../machine/machine.js";
import type { RunResult } from "../../machine/run.js";
import type { HookCommand } from "../hook.js";
import type { Books } from "../ledger/books.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Thing } from "../ledger/thing.js";
import type { SharedUses } from "../ledger/uses.js";
import type { JailPort } from "../port.js";
import type { ReadyProbe } from "../ready.js";
import type { JailSpec } from "../spec.js";
import type { StepName, StepRow } from "./table.js";

/** Which way a step goes: part of a start, of a stop, or taking back what a failed start did. */
export type Direction = "up" | "down" | "undo";

/** One thing that a step does. */
export interface Action {
  readonly step: StepName;
  readonly direction: Direction;
  readonly where: "host" | "jail" | "kernel";
  /** The program and its arguments as jail(8) would run them; empty where it is not a program. */
  readonly argv: readonly string[];
  /** What is done, in words, where there is no program: `jail_set(2)`. */
  readonly text: string;
  /** What it makes or takes away. */
  readonly thing?: Thing;
  /** It is taken from a jail that goes on running. */
  readonly jailStays?: boolean;
  /** The command of a hook. */
  readonly command?: HookCommand;
  /** What is given to the kernel for a jail that is there. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** What is asked until the jail is ready. */
  readonly probe?: ReadyProbe;
}

/** What an action came to. */
export interface ActionResult {
  /** The program that ran. */
  readonly result?: RunResult;
  /** A remark: that it was there already, that another jail still uses it. */
  readonly note?: string;
}

/** A step could not do its work. */
export class StepError extends Error {
  override readonly name = "StepError";
  /** The errno by name, or `ETIMEDOUT`, `ECANCELED`, `EEXIT` (a command's status), `ESIGNAL` (it was killed). */
  readonly code: string;
  readonly result: RunResult | undefined;
  /** What would help, in one sentence. */
  readonly hint: string | undefined;

  constructor(
    code: string,
    message: string,
    more: { result?: RunResult | undefined; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.result = more.result;
    this.hint = more.hint;
  }
}

/** A host program that a step runs. */
export interface CommandRequest {
  readonly argv: readonly string[];
  /** A hook: with the jail's variables, user, clean environment and time limit. */
  readonly hook?: HookCommand;
}

/** What a step has to work with: one jail's run. */
export interface StepContext {
  readonly spec: JailSpec;
  readonly machine: Machine;
  readonly jails: JailPort;
  readonly books: Books;
  readonly uses: SharedUses;
  readonly ledger: Ledger;
  readonly signal: AbortSignal | undefined;
  /** The jail's jid while it is there, and after it is gone for the hooks that follow. */
  jid: number | undefined;
  /** The jail is there: it was made or found, and not yet removed. */
  alive: boolean;
  /** The kernel was asked to keep the jail for the time of its start. */
  temporaryPersist: boolean;
  /** There is no ledger, and what the definition names is taken for ours, as jail(8) does. */
  readonly assumeOurs: boolean;
  /** Sizes of log files at the beginning of the run, for the probes that read what came since. */
  readonly logOffsets: Map<string, number>;
  /** Milliseconds that a hook may take; undefined: no limit. */
  readonly hookTimeoutMs: number | undefined;
  /** Milliseconds of what is left of the whole run's time; undefined: no limit. */
  remainingMs(): number | undefined;
  /** How long something is waited for at most, in milliseconds: a moment also when the run's time is over. */
  patienceMs(most: number): number;
  /** Runs a host program when its turn comes; resolves however it ended. */
  run(request: CommandRequest): Promise<RunResult>;
  /** Runs a command in the jail; without a time of its own it has that of hooks. */
  runInJail(
    command: HookCommand,
    more?: { readonly user?: string | undefined; readonly timeoutMs?: number },
  ): Promise<RunResult>;
  /** The mount table. */
  mounts(): Promise<readonly MountEntry[]>;
}

/** A kind of step: what it would do, and its two functions. */
export interface StepKind {
  /** What the step does in a start, for this jail. */
  up(spec: JailSpec, row: StepRow): readonly Action[];
  /** What the step does in a stop: `things` are what it made, in the reverse order of making. */
  down(spec: JailSpec, row: StepRow, things: readonly Thing[]): readonly Action[];
  /** Does an action of a start, or a hook. Throws a {@link StepError}, or what the machine or the kernel threw. */
  make(context: StepContext, action: Action): Promise<ActionResult>;
  /** Takes a thing away. Resolves where it is not there. */
  take(context: StepContext, action: Action): Promise<ActionResult>;
}

/** Stands in an argument vector for the jid of a jail that is not made yet. */
export const JID = "JID";

/** The argument vector with the jid in its place, the third word of all that have one. */
export function withJid(argv: readonly string[], jid: number | undefined): string[] {
  const at = argv.indexOf(JID, 2);
  return argv.map((word, index) => (index === at ? String(jid ?? 0) : word));
}

/** Throws for a program that did not succeed. */
export function expectSuccess(result: RunResult, timeoutMs?: number): void {
  const line = result.argv.join(" ");
  if (result.aborted) throw new StepError("ECANCELED", `${line}: ended because the run was stopped`, { result });
  if (result.timedOut) {
    const time = timeoutMs === undefined ? "" : ` after ${timeoutMs / 1000} s; it was ended`;
    throw new StepError("ETIMEDOUT", `${line}: timed out${time}`, { result });
  }
  if (result.signal !== null) throw new StepError("ESIGNAL", `${line}: exited on signal ${result.signal}`, { result });
  if (result.status !== 0) {
    const said = (result.stderr.trim() || result.stdout.trim()).split("\n").at(-1) ?? "";
    throw new StepError("EEXIT", `${line}: failed with status ${result.status}${said === "" ? "" : `: ${said}`}`, {
      result,
    });
  }
}

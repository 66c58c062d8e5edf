import { tracingChannel } from "node:diagnostics_channel";
import type { LockHolder } from "../machine/machine.js";
import type { Direction } from "./steps/kind.js";
import type { StepName } from "./steps/table.js";

/** The name of the TracingChannel on which every step is published: `tracingChannel("bsdjail:step")`. */
export const STEP_CHANNEL = "bsdjail:step";

/** What every event has. */
interface EventBase {
  /** The jail's full name. */
  readonly jail: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Which step it is about. */
export interface StepIdentity {
  /** The step's name, that of its parameter where it has one. */
  readonly step: StepName;
  /** A start's, a stop's, or the undoing of a start's. */
  readonly direction: Direction;
  /** What does it: a program of the host, one in the jail, or a system call. */
  readonly where: "host" | "jail" | "kernel";
  /** The program and its arguments; empty where the step is none. */
  readonly argv: readonly string[];
  /** What is done, in words, where it is no program. */
  readonly text: string;
}

/** Why a step failed. */
export interface StepFailure {
  /** The errno by name, or `EEXIT`, `ESIGNAL`, `ETIMEDOUT`, `ECANCELED`. */
  readonly code: string;
  /** What failed, in one sentence. */
  readonly message: string;
  /** What would help, where that is known. */
  readonly hint?: string;
  /** The system call that was refused, where it was one. */
  readonly syscall?: string;
  /** The parameter that the kernel named. */
  readonly parameter?: string;
}

/** A step begins. */
export interface BeginEvent extends EventBase, StepIdentity {
  readonly type: "begin";
}

/** A step is over. */
export interface StepEvent extends EventBase, StepIdentity {
  readonly type: "step";
  /** Whether it was done. */
  readonly outcome: "done" | "failed";
  /** Milliseconds that it took, those of `queuedMs` among them. */
  readonly durationMs: number;
  /** Milliseconds that it waited for its turn under the limit of commands at once. */
  readonly queuedMs: number;
  /** What its program wrote, the first `keepBytes` bytes of it. */
  readonly stdout: string;
  /** The same of its standard error. */
  readonly stderr: string;
  /** More was written than is kept. */
  readonly truncated: boolean;
  /** The program's exit status; null where it is none, or ended by a signal. */
  readonly status: number | null;
  /** The signal that ended the program, or null. */
  readonly signal: string | null;
  /** What is worth knowing of a step that did not fail. */
  readonly note?: string;
  /** Why it failed. */
  readonly error?: StepFailure;
}

/** A piece of what a step's program wrote, as it came. */
export interface OutputEvent extends EventBase {
  readonly type: "output";
  readonly step: StepName;
  readonly stream: "stdout" | "stderr";
  /** Any piece of a line or of several. */
  readonly text: string;
}

/** A jail's turn has to wait for another process. */
export interface WaitEvent extends EventBase {
  readonly type: "wait";
  /** Who works on the jail now. */
  readonly holder: LockHolder;
}

/** What became of a jail. */
export type JailState = "up" | "down" | "updated" | "unchanged" | "restart" | "failed" | "skipped" | "aborted";

/** Something of a jail that could not be taken away, or that stays on purpose. */
export interface LeftThing {
  /** What it is, in words: `mount /jails/web/dev`. */
  readonly thing: string;
  /** The errno by name that kept it. */
  readonly code: string;
  /** Why it is still there. */
  readonly message: string;
}

/** A jail's run is over. */
export interface JailEvent extends EventBase {
  readonly type: "jail";
  readonly state: JailState;
  /** The jail's id, where there is a jail. */
  readonly jid?: number;
  /** Why it is in this state, where that is not plain. */
  readonly reason?: string;
  /** Why it failed, or was aborted. */
  readonly error?: StepFailure;
  /** What could not be taken back. */
  readonly left: readonly LeftThing[];
  /** Milliseconds of its own turn. */
  readonly durationMs: number;
  /** Milliseconds spent on writing the ledger. */
  readonly ledgerMs: number;
}

/** Something is wrong with a definition or with what it needs of the machine; told before anything is begun. */
export interface ProblemEvent extends EventBase {
  readonly type: "problem";
  /** The parameter that it is about, or "". */
  readonly parameter: string;
  /** What is wrong, with the value, in one sentence. */
  readonly message: string;
  /** The errno of what was looked at, where there is one. */
  readonly code?: string;
  /** What would help, in one sentence. */
  readonly hint?: string;
}

/** What happens during a run. */
export type LifecycleEvent = ProblemEvent | BeginEvent | StepEvent | OutputEvent | WaitEvent | JailEvent;

/** What subscribers of {@link STEP_CHANNEL} get: one object for each step, the same at its start and its end. */
export interface StepTrace extends StepIdentity {
  readonly jail: string;
  /** At the end: the step's event. */
  event?: StepEvent;
}

export const stepChannel = tracingChannel<string, StepTrace>(STEP_CHANNEL);

/** Any error of a step as data, nothing of it lost and nothing guessed. */
export function stepFailure(error: unknown): StepFailure {
  if (!(error instanceof Error)) return { code: "EUNKNOWN", message: String(error) };
  const { code, hint, syscall, parameter } = error as {
    code?: unknown;
    hint?: unknown;
    syscall?: unknown;
    parameter?: unknown;
  };
  return {
    code: typeof code === "string" ? code : error.name === "AbortError" ? "ECANCELED" : "EUNKNOWN",
    message: error.message,
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof syscall === "string" ? { syscall } : {}),
    ...(typeof parameter === "string" ? { parameter } : {}),
  };
}

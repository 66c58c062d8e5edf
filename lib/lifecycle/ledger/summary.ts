import type { Purpose } from "./record.js";

/** A step of a run that did not succeed, as it is remembered. */
export interface FailedStep {
  readonly step: string;
  readonly direction: "up" | "down" | "undo";
  /** The program and its arguments; empty where the step is none. */
  readonly argv: readonly string[];
  /** Why it failed. */
  readonly message: string;
  /** The errno by name, where there is one. */
  readonly code?: string;
  /** What would help, where that is known. */
  readonly hint?: string;
  /** The end of what it wrote. */
  readonly output: string;
}

/** What is remembered of a jail's last run, when its ledger is gone. */
export interface RunSummary {
  readonly version: 1;
  readonly jail: string;
  /** The run's number in the ledger. */
  readonly run: number;
  /** The boot of the machine that it belongs to. */
  readonly boot: string;
  /** What the run was for. */
  readonly purpose: Purpose;
  /** What became of the jail: a JailState. */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds of the jail's turn. */
  readonly durationMs: number;
  /** Steps that failed, in their order. */
  readonly failed: readonly FailedStep[];
  /** Things that could not be taken away. */
  readonly left: readonly string[];
}

/** What a file says of a jail's last run; undefined where it is damaged or another program's. */
export function readSummary(text: string): RunSummary | undefined {
  try {
    const summary = JSON.parse(text) as Partial<RunSummary> | null;
    const whole = summary?.version === 1 && Array.isArray(summary.failed) && Array.isArray(summary.left);
    return whole ? (summary as RunSummary) : undefined;
  } catch {
    return undefined;
  }
}

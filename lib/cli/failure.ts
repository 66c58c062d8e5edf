import type { CliIo } from "./io.js";
import { printable } from "./output.js";

/** Everything went well. */
export const STATUS_OK = 0;
/** The kernel or the machine refused, or a jail is not there. */
export const STATUS_FAILED = 1;
/** The command line was wrong; nothing was done. */
export const STATUS_USAGE = 2;
/** Ended by an interrupt (128 + SIGINT). */
export const STATUS_INTERRUPTED = 130;

/** A failure that a command explains itself: what is wrong, and the way out. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  /** What to do about it, a whole sentence, or undefined. */
  readonly hint: string | undefined;
  /** The exit status. */
  readonly status: number;
  /** An errno name where the kernel gave one, else `EUSAGE` for a wrong command line. */
  readonly code: string | undefined;

  constructor(
    message: string,
    options: { hint?: string | undefined; status?: number; code?: string | undefined } = {},
  ) {
    super(message);
    this.hint = options.hint;
    this.status = options.status ?? STATUS_FAILED;
    this.code = options.code;
  }
}

/** A wrong command line. */
export function usageFailure(message: string, hint?: string): CliFailure {
  return new CliFailure(message, { hint, status: STATUS_USAGE, code: "EUSAGE" });
}

/** A failure as `--json` prints it, one object on stderr. Its shape is `schemas/failure.json`. */
export interface FailureReport {
  readonly error: {
    readonly command: string;
    readonly message: string;
    readonly code?: string;
    readonly errno?: number;
    readonly syscall?: string;
    readonly jail?: string | number;
    readonly parameter?: string;
    readonly hint?: string;
  };
  readonly status: number;
}

interface SystemFailure {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
  readonly jail?: unknown;
  readonly parameter?: unknown;
  readonly hint?: unknown;
  readonly status?: unknown;
  readonly kernelMessage?: unknown;
}

/** The kernel's own words where it gave some. */
function messageOf(error: Error): string {
  const { kernelMessage, code } = error as SystemFailure;
  return typeof kernelMessage === "string" && kernelMessage !== ""
    ? `${kernelMessage} (${String(code)})`
    : error.message;
}

/** Makes the report of anything that was thrown. */
export function failureReport(command: string, thrown: unknown): FailureReport {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const system = error as SystemFailure;
  const interrupted = error.name === "AbortError";
  const jail = typeof system.jail === "string" || typeof system.jail === "number" ? system.jail : undefined;
  return {
    error: {
      command,
      message: interrupted ? "interrupted" : messageOf(error),
      ...(typeof system.code === "string" && !interrupted ? { code: system.code } : {}),
      ...(typeof system.errno === "number" ? { errno: Math.abs(system.errno) } : {}),
      ...(typeof system.syscall === "string" ? { syscall: system.syscall } : {}),
      ...(jail !== undefined ? { jail } : {}),
      ...(typeof system.parameter === "string" ? { parameter: system.parameter } : {}),
      ...(typeof system.hint === "string" ? { hint: system.hint } : {}),
    },
    status: interrupted ? STATUS_INTERRUPTED : typeof system.status === "number" ? system.status : STATUS_FAILED,
  };
}

/**
 * Says on stderr what went wrong: for people a line and the way out below it, for programs one JSON object.
 *
 * @returns the exit status
 */
export function reportFailure(io: CliIo, command: string, thrown: unknown, json: boolean): number {
  const report = failureReport(command, thrown);
  if (json) {
    io.stderr.write(`${JSON.stringify(report)}\n`);
    return report.status;
  }
  const { message, hint } = report.error;
  io.stderr.write(`${printable(["bsdjail", command].join(" ").trimEnd())}: ${printable(message)}\n`);
  if (hint !== undefined) io.stderr.write(`  ${printable(hint)}\n`);
  return report.status;
}

/**
 * Why a command that was waited for is no success.
 *
 * `ERR_JAIL_COMMAND_FAILED` (it ended with another status than 0, or by a signal), `ERR_JAIL_COMMAND_TIMEOUT` (its time was
 * over), `ERR_CHILD_PROCESS_STDIO_MAXBUFFER` (it wrote more than `maxBuffer`), `ABORT_ERR` (the caller's signal aborted).
 */
export type JailCommandCode =
  | "ERR_JAIL_COMMAND_FAILED"
  | "ERR_JAIL_COMMAND_TIMEOUT"
  | "ERR_CHILD_PROCESS_STDIO_MAXBUFFER"
  | "ABORT_ERR";

/** What is known of a command that was no success. */
export interface CommandFailure {
  /** The command and its arguments. */
  readonly argv: readonly string[];
  /** The jail's name when it was started. */
  readonly jail: string;
  /** What it wrote until then, no more than `maxBuffer` bytes. */
  readonly stdout: string | Buffer;
  /** The same of its standard error. */
  readonly stderr: string | Buffer;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from its start to its end. */
  readonly durationMs: number;
  /** The reason of the caller's signal, where that aborted. */
  readonly cause?: unknown;
}

/** How much of what was written to stderr a message shows. */
const SHOWN = 400;

function reason(code: JailCommandCode, { exitCode, signal }: CommandFailure): string {
  switch (code) {
    case "ERR_JAIL_COMMAND_TIMEOUT":
      return "was ended, because its time was over";
    case "ERR_CHILD_PROCESS_STDIO_MAXBUFFER":
      return "was ended, because it wrote more than maxBuffer";
    case "ABORT_ERR":
      return "was aborted";
    default:
      return signal === null ? `ended with exit status ${exitCode}` : `was ended by ${signal}`;
  }
}

/** A command began in a jail, and did not end well: what it wrote until then is here. */
export class JailCommandError extends Error implements Omit<CommandFailure, "cause"> {
  readonly code: JailCommandCode;
  /** The command and its arguments. */
  readonly argv: readonly string[];
  /** The jail's name when it was started. */
  readonly jail: string;
  /** What it wrote until then, no more than `maxBuffer` bytes. */
  readonly stdout: string | Buffer;
  /** The same of its standard error. */
  readonly stderr: string | Buffer;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from its start to its end. */
  readonly durationMs: number;

  constructor(code: JailCommandCode, failure: CommandFailure) {
    const { argv, jail, stdout, stderr, exitCode, signal, durationMs, cause } = failure;
    const said = stderr.toString().trimEnd().slice(-SHOWN);
    super(
      `${argv[0]} in jail '${jail}' ${reason(code, failure)}${said === "" ? "" : `:\n${said}`}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.argv = argv;
    this.jail = jail;
    this.stdout = stdout;
    this.stderr = stderr;
    this.exitCode = exitCode;
    this.signal = signal;
    this.durationMs = durationMs;
  }

  static {
    this.prototype.name = "JailCommandError";
  }
}

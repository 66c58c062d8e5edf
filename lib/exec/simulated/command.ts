import type { Readable, Writable } from "node:stream";
import type { JailEntryCode } from "../entry-error.js";

/** A command that was started in a jail of a simulated host. */
export interface SimulatedCommand {
  /** The simulated process. */
  readonly pid: number;
  readonly jid: number;
  /** The jail's name when it was started. */
  readonly jail: string;
  /** The file and its arguments. */
  readonly argv: readonly string[];
  /** Undefined: who runs this program. */
  readonly user: string | undefined;
  /** The user is of the host's password file. */
  readonly hostUser: boolean;
  /** The directory in the jail that was asked for; undefined for the default. */
  readonly cwd: string | undefined;
  /** The routing table that was asked for; undefined for the caller's. */
  readonly fib: number | undefined;
  /** The variables that were given, without those of a login. */
  readonly env: Readonly<Record<string, string>>;
  /** It was given a terminal of its own. */
  readonly tty: boolean;
  /** It was started to go on without this process. */
  readonly detached: boolean;
}

/** What a command on a simulated host does: all of it may be left out, and then it succeeds without a word. */
export interface CommandAnswer {
  /** What it writes before it ends. Default: nothing. */
  readonly stdout?: string | Uint8Array | undefined;
  /** The same to its standard error. */
  readonly stderr?: string | Uint8Array | undefined;
  /** Default 0. */
  readonly exitCode?: number | undefined;
  /** It ends by this signal instead. */
  readonly signal?: NodeJS.Signals | undefined;
  /** It goes on running, until it gets a signal or its jail is removed. */
  readonly stays?: boolean | undefined;
  /** It never begins: entering the jail fails in this way. */
  readonly fails?: JailEntryCode | undefined;
}

/** A running command's streams on a simulated host. */
export interface CommandStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborts when the command gets a signal that ends it, or its jail is removed. */
  readonly killed: AbortSignal;
}

/** Answers in place of a command. A promise is waited for; meanwhile the command runs, and holds its jail. */
export type CommandFunction = (
  command: SimulatedCommand,
  streams: CommandStreams,
) => CommandAnswer | undefined | Promise<CommandAnswer | undefined>;

/**
 * What commands in jails of a simulated host do: `"record"` (nothing is run; the command is noted and succeeds, a detached
 * one goes on), `"host"` (really run on this machine, unconfined, as who runs this program), or a function that answers.
 */
export type SimulatedCommands = "record" | "host" | CommandFunction;

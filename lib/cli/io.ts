import { ownStream } from "./streams.js";

/**
 * What a command may touch of the process it runs in: its streams, its environment and its working directory.
 *
 * Every command is a function of its arguments and one of these, so that it runs in a test, in a worker or behind
 * another program without a process of its own.
 */
export interface CliIo {
  /** Where input comes from; inherited by a command that runs in a jail where it is the process's own. */
  readonly stdin: NodeJS.ReadableStream;
  /** Where results go; JSON alone under `--json`. */
  readonly stdout: NodeJS.WritableStream;
  /** Where messages go. */
  readonly stderr: NodeJS.WritableStream;
  /** The streams are this process's: a command in a jail can have them as they are. */
  readonly isProcess?: boolean;
  /** The environment to read settings from (`BSDJAIL_KERNEL`, `NO_COLOR`, `XDG_STATE_HOME`, …). */
  readonly env: NodeJS.ProcessEnv;
  /** The absolute working directory that relative paths are meant from. */
  readonly cwd: string;
}

/** A command: arguments after its own name, and what it may touch. Resolves with the exit status. */
export type CliCommand = (argv: string[], io: CliIo) => Promise<number>;

/** The calling process as a {@link CliIo}. */
export function processIo(): CliIo {
  return {
    // Node opens it when it is first asked for, and most commands read nothing.
    get stdin() {
      return process.stdin;
    },
    stdout: ownStream(1),
    stderr: ownStream(2),
    isProcess: true,
    env: process.env,
    cwd: process.cwd(),
  };
}

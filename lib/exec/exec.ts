import { watchProgram } from "../machine/run.js";
import { OWN_TIME } from "../machine/time.js";
import type { Entry } from "./entry.js";
import { type JailCommandCode, JailCommandError } from "./exec-error.js";
import type { LaunchedSync, Launcher, LaunchOptions } from "./launch.js";
import type { JailCommandOptions } from "./options.js";
import { startProgram } from "./program.js";

/** Options of `Jail.exec` and `Jail.execSync`. */
export interface JailExecSyncOptions extends JailCommandOptions {
  /** What the command reads. Default: nothing. */
  readonly input?: string | Uint8Array | undefined;
  /** Milliseconds until the command is ended. Default: as long as it takes. */
  readonly timeout?: number | undefined;
  /** What it is ended by at first; it is killed two seconds later. Default `"SIGTERM"`. */
  readonly killSignal?: NodeJS.Signals | undefined;
  /** Bytes that each of its streams may give before it is ended. Default 1 MiB. */
  readonly maxBuffer?: number | undefined;
  /** `"buffer"` gives the streams as they are. Default `"utf8"`. */
  readonly encoding?: BufferEncoding | "buffer" | undefined;
}

/** Options of `Jail.exec`. */
export interface JailExecOptions extends JailExecSyncOptions {
  /** Ends the command, and rejects. */
  readonly signal?: AbortSignal | undefined;
}

/** What a command did that was waited for. */
export interface JailExecResult<Output extends string | Buffer = string> {
  /** All that it wrote; a Buffer with `encoding: "buffer"`. */
  readonly stdout: Output;
  /** The same of its standard error. */
  readonly stderr: Output;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from its start to its end. */
  readonly durationMs: number;
}

/** What is run, and in which jail. */
export interface Execution {
  readonly entry: Entry;
  readonly jail: string;
}

const MAX_BUFFER = 1024 * 1024;

/** Bytes of a stream, and whether they are more than they may be. */
class Output {
  readonly #pieces: Uint8Array[] = [];
  readonly #most: number;
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Keeps what there is room for; false where that is not all. */
  add(bytes: Uint8Array): boolean {
    const room = this.#most - this.#size;
    this.#pieces.push(bytes.subarray(0, room));
    this.#size += Math.min(bytes.length, room);
    return bytes.length <= room;
  }

  value(encoding: BufferEncoding | "buffer"): string | Buffer {
    const bytes = Buffer.concat(this.#pieces);
    return encoding === "buffer" ? bytes : bytes.toString(encoding);
  }
}

/** Runs a command to its end. @throws JailEntryError, JailCommandError */
export async function execute(
  launcher: Launcher,
  { entry, jail }: Execution,
  options: JailExecOptions,
): Promise<JailExecResult<string | Buffer>> {
  const { signal, timeout, killSignal = "SIGTERM", maxBuffer = MAX_BUFFER, encoding = "utf8", input } = options;
  const written = { stdout: new Output(maxBuffer), stderr: new Output(maxBuffer) };
  const overflow = new AbortController();
  const begun = performance.now();
  const refuse = (code: JailCommandCode, how: Pick<JailExecResult, "exitCode" | "signal">, cause?: unknown) =>
    new JailCommandError(code, { argv: entry.argv, jail, ...how, ...result(), cause });
  const result = () => ({
    stdout: written.stdout.value(encoding),
    stderr: written.stderr.value(encoding),
    durationMs: performance.now() - begun,
  });
  if (signal?.aborted) throw refuse("ABORT_ERR", { exitCode: null, signal: null }, signal.reason);
  const program = await startProgram(
    entry,
    { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"], detached: true, waited: true, jail },
    launcher,
  );
  program.child.stdin?.on("error", () => undefined).end(input);
  const watched = {
    ...program,
    kill: (by: "SIGTERM" | "SIGKILL") => void program.child.killGroup(by === "SIGTERM" ? killSignal : by),
  };
  const ended = await watchProgram(OWN_TIME, entry.argv, watched, {
    timeoutMs: timeout,
    signal: signal === undefined ? overflow.signal : AbortSignal.any([signal, overflow.signal]),
    keepBytes: 0,
    onOutput: ({ stream, bytes }) => {
      if (!written[stream].add(bytes)) overflow.abort();
    },
  });
  const how = { exitCode: ended.status, signal: ended.signal as NodeJS.Signals | null };
  if (overflow.signal.aborted) throw refuse("ERR_CHILD_PROCESS_STDIO_MAXBUFFER", how);
  if (ended.aborted) throw refuse("ABORT_ERR", how, signal?.reason);
  if (ended.timedOut) throw refuse("ERR_JAIL_COMMAND_TIMEOUT", how);
  if (ended.status !== 0) throw refuse("ERR_JAIL_COMMAND_FAILED", how);
  return { ...how, ...result() };
}

/** {@link execute}, at once. */
export function executeSync(
  launchSync: (
    entry: Entry,
    options: LaunchOptions & { input?: string | Uint8Array; maxBuffer?: number },
  ) => LaunchedSync,
  { entry, jail }: Execution,
  options: JailExecSyncOptions,
): JailExecResult<string | Buffer> {
  const { timeout, killSignal, maxBuffer = MAX_BUFFER, encoding = "utf8", input } = options;
  const begun = performance.now();
  const stdio: LaunchOptions["stdio"] = [input === undefined ? "ignore" : "pipe", "pipe", "pipe"];
  const ended = launchSync(entry, {
    stdio,
    jail,
    timeout,
    killSignal,
    maxBuffer,
    ...(input === undefined ? {} : { input }),
  });
  if (ended.failure !== undefined) throw ended.failure;
  const text = (bytes: Buffer | null) =>
    encoding === "buffer" ? (bytes ?? Buffer.alloc(0)) : (bytes?.toString(encoding) ?? "");
  const how = { exitCode: ended.status, signal: ended.signal };
  const result = { stdout: text(ended.stdout), stderr: text(ended.stderr), durationMs: performance.now() - begun };
  const { code } = (ended.error ?? {}) as NodeJS.ErrnoException;
  if (ended.error !== undefined && code !== "ETIMEDOUT" && code !== "ENOBUFS") throw ended.error;
  const problem =
    code === "ENOBUFS"
      ? "ERR_CHILD_PROCESS_STDIO_MAXBUFFER"
      : code === "ETIMEDOUT"
        ? "ERR_JAIL_COMMAND_TIMEOUT"
        : ended.status !== 0
          ? "ERR_JAIL_COMMAND_FAILED"
          : undefined;
  if (problem !== undefined) throw new JailCommandError(problem, { argv: entry.argv, jail, ...how, ...result });
  return { ...how, ...result };
}

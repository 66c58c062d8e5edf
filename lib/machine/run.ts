import type { Machine, MachineOptions, Program, ProgramExit, ProgramOutput, ProgramRequest } from "./machine.js";

/** How a program is watched while it runs. */
export interface RunOptions extends MachineOptions {
  /** Milliseconds until it is ended (TERM, then KILL). Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds between TERM and KILL. Default 2000. */
  readonly killAfterMs?: number | undefined;
  /** Bytes of output that are kept of each stream; the rest is read and dropped. Default 65536. */
  readonly keepBytes?: number | undefined;
  /** Called with each piece as it comes. */
  readonly onOutput?: ((piece: ProgramOutput) => void) | undefined;
}

/** What a program did. */
export interface RunResult extends ProgramExit {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** More was written than was kept. */
  readonly truncated: boolean;
  /** It was ended because its time was over. */
  readonly timedOut: boolean;
  /** It was ended because the caller's signal aborted. */
  readonly aborted: boolean;
  readonly durationMs: number;
}

const KILL_AFTER_MS = 2000;
const KEEP_BYTES = 65536;
/** How long output is still read after a program's end, where something it left behind holds the streams. */
const DRAIN_MS = 100;
/** How often meanwhile this process looks for it: a process that comes to its turn late has timers due before it reads. */
const DRAIN_TURNS = 10;

/** Collects a bounded part of each stream. */
class Kept {
  readonly #limit: number;
  readonly #bytes = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  readonly #sizes = { stdout: 0, stderr: 0 };
  truncated = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add({ stream, bytes }: ProgramOutput): void {
    const room = this.#limit - this.#sizes[stream];
    const piece = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (piece.length < bytes.length) this.truncated = true;
    if (piece.length === 0) return;
    this.#bytes[stream].push(piece);
    this.#sizes[stream] += piece.length;
  }

  text(stream: "stdout" | "stderr"): string {
    return Buffer.concat(this.#bytes[stream]).toString("utf8");
  }
}

/** Waits until the output of a program that has ended is read, or for as long as that takes where nothing else holds it. */
export async function drain(machine: Pick<Machine, "sleep">, reading: Promise<unknown>): Promise<void> {
  let read = false;
  const end = reading.then(
    () => {
      read = true;
    },
    () => {
      read = true;
    },
  );
  for (let turn = 0; turn < DRAIN_TURNS && !read; turn++) {
    const over = new AbortController();
    const pause = machine.sleep(DRAIN_MS / DRAIN_TURNS, { signal: over.signal }).catch(() => undefined);
    await Promise.race([end, pause]);
    over.abort();
    // Streams are looked at between timers and this.
    if (!read) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whatever can be ended and waited for: a host program, or a command in a jail. */
export type Watched = Pick<Program, "output" | "exited" | "kill" | "release">;

/**
 * Waits for a program that was started, keeping a bounded part of its output, and ends it when its time is over or the
 * signal aborts. Resolves when it has really ended, whatever its status.
 */
export async function watchProgram(
  machine: Pick<Machine, "clock" | "sleep">,
  argv: readonly string[],
  program: Watched,
  options: RunOptions = {},
): Promise<RunResult> {
  const begun = machine.clock();
  const kept = new Kept(options.keepBytes ?? KEEP_BYTES);
  const reading = (async () => {
    for await (const piece of program.output) {
      kept.add(piece);
      options.onOutput?.(piece);
    }
  })();
  reading.catch(() => undefined);
  const over = new AbortController();
  let timedOut = false;
  let aborted = false;
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= (async () => {
      program.kill("SIGTERM");
      await machine.sleep(options.killAfterMs ?? KILL_AFTER_MS, { signal: over.signal }).catch(() => undefined);
      program.kill("SIGKILL");
    })();
  };
  const onAbort = () => {
    aborted = true;
    end();
  };
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  if (options.timeoutMs !== undefined) {
    void machine.sleep(options.timeoutMs, { signal: over.signal }).then(
      () => {
        timedOut = true;
        end();
      },
      () => undefined,
    );
  }
  let exit: ProgramExit;
  try {
    exit = await program.exited;
  } finally {
    over.abort();
    options.signal?.removeEventListener("abort", onAbort);
  }
  // What a program started may outlive its TERM: the group is gone only after the KILL.
  await ending;
  await drain(machine, reading);
  program.release();
  return {
    argv,
    ...exit,
    stdout: kept.text("stdout"),
    stderr: kept.text("stderr"),
    truncated: kept.truncated,
    timedOut,
    aborted,
    durationMs: machine.clock() - begun,
  };
}

/** Runs a program of the host to its end. */
export async function runProgram(
  machine: Machine,
  request: ProgramRequest,
  options: RunOptions = {},
): Promise<RunResult> {
  const program = await machine.start(request, options);
  return watchProgram(machine, request.argv, program, options);
}

import { type ChildProcess, spawn } from "node:child_process";
import {
  MachineError,
  type MachineOptions,
  type Program,
  type ProgramExit,
  type ProgramOutput,
  type ProgramRequest,
} from "./machine.js";

/** Pieces of output that may wait for a reader before a program's streams are held back. */
const MOST_WAITING_PIECES = 64;

/** Process groups of programs that somebody waits for. */
const awaited = new Set<number>();

/** With this process goes whoever would wait for them: a hook that nobody watches must not go on working. */
function killAwaited(): void {
  for (const group of awaited) {
    try {
      process.kill(-group, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
}

function awaitEnd(child: ChildProcess): void {
  const group = child.pid as number;
  if (awaited.size === 0) {
    process.off("exit", killAwaited);
    process.once("exit", killAwaited);
  }
  awaited.add(group);
  child.once("exit", () => awaited.delete(group));
}

/** The PATH of a clean environment, jail(8) `exec.clean`. */
const CLEAN_PATH = "/bin:/usr/bin";

/** The environment that a request describes, from the machine's own. */
function programEnvironment(
  request: ProgramRequest,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const base = request.clean ? { PATH: CLEAN_PATH, ...(own.TERM === undefined ? {} : { TERM: own.TERM }) } : own;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...base, ...request.env })) {
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Starts a program of this machine by its argument vector, in a process group of its own. */
export function startLocal(request: ProgramRequest, options: MachineOptions = {}): Promise<Program> {
  const [file, ...args] = request.argv;
  if (file === undefined || file === "") {
    return Promise.reject(new MachineError("EINVAL", "spawn", "", "a program's argument vector is empty"));
  }
  if (request.argv.some((word) => word.includes("\0"))) {
    return Promise.reject(new MachineError("EINVAL", "spawn", file, "an argument contains a NUL"));
  }
  const inherit = request.streams === "inherit";
  const output = inherit ? "inherit" : request.background ? "ignore" : "pipe";
  if (options.signal?.aborted) return Promise.reject(options.signal.reason);
  // Not given up between the fork and its end: a caller that went on would not know what the program still does.
  return new Promise<Program>((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: request.cwd,
      env: programEnvironment(request, process.env),
      // A terminal's interrupt is for us to handle: we stop what we started and undo it.
      detached: !inherit || request.background === true,
      stdio: [inherit ? "inherit" : "ignore", output, output],
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(new MachineError(error.code ?? "EIO", "spawn", file));
    });
    child.once("spawn", () => {
      if (request.background) child.unref();
      else if (!inherit) awaitEnd(child);
      resolve(new LocalProgram(child, !inherit));
    });
  });
}

/** A child process as a {@link Program}. */
class LocalProgram implements Program {
  readonly pid: number;
  readonly output: AsyncIterable<ProgramOutput>;
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #group: boolean;

  constructor(child: ChildProcess, group: boolean) {
    this.#child = child;
    this.#group = group;
    this.pid = child.pid as number;
    this.exited = new Promise((resolve) => child.once("exit", (status, signal) => resolve({ status, signal })));
    this.output = pieces(child);
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    try {
      process.kill(this.#group ? -this.pid : this.pid, signal);
    } catch (error) {
      // Nobody left in the group.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  release(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
  }
}

/** Both streams of a child as one sequence, in the order in which it came. Listens from the moment of the call. */
export function pieces(child: ChildProcess): AsyncIterable<ProgramOutput> {
  const queue: ProgramOutput[] = [];
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  let open = streams.length;
  let wake = () => {};
  for (const readable of streams) {
    const stream = readable === child.stdout ? "stdout" : "stderr";
    readable.on("data", (bytes: Buffer) => {
      queue.push({ stream, bytes });
      if (queue.length > MOST_WAITING_PIECES) readable.pause();
      wake();
    });
    readable.on("error", () => undefined);
    readable.once("close", () => {
      open--;
      wake();
    });
  }
  return (async function* () {
    while (open > 0 || queue.length > 0) {
      const next = queue.shift();
      if (next !== undefined) {
        if (queue.length === 0) for (const readable of streams) readable.resume();
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  })();
}

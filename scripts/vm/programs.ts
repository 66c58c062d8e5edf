/** Programs of this machine that the tool runs, always by their argument vector. */
import { type SpawnOptions, spawn } from "node:child_process";
import { VmError } from "./errors.js";

/** How a program ended and what it printed. */
export interface Captured {
  /** Its exit status; -1 where a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @throws VmError where it is not installed; the signal's reason where that ends it
 */
export function capture(
  program: string,
  args: readonly string[],
  options: { signal?: AbortSignal; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Captured> {
  return run(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs a program to its end with its output on ours; its standard output goes to our standard error. */
export function watch(
  program: string,
  args: readonly string[],
  options: { signal?: AbortSignal; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Captured> {
  return run(program, args, { ...options, stdio: ["ignore", 2, 2] });
}

function run(program: string, args: readonly string[], options: SpawnOptions): Promise<Captured> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, options);
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (piece: string) => {
        text[stream] += piece;
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (options.signal?.aborted) reject(options.signal.reason);
      else if (error.code === "ENOENT") reject(new VmError(`${program} is not installed`, `Install ${program}.`));
      else reject(error);
    });
    child.on("close", (status) => resolve({ status: status ?? -1, ...text }));
  });
}

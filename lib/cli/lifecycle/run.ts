import type { RunningOptions } from "../../lifecycle/options.js";
import type { LifecycleRun } from "../../lifecycle/run.js";
import type { OptionSpec } from "../args.js";
import { STATUS_FAILED, STATUS_INTERRUPTED, STATUS_OK, usageFailure } from "../failure.js";
import { interruptible } from "../interrupt.js";
import type { CliIo } from "../io.js";
import { paintFor } from "../output.js";
import { seconds } from "../seconds.js";
import { unbroken } from "../streams.js";
import { rendererFor } from "./render.js";
import { Timings } from "./timings.js";

/** Options of every command that does something. */
export const RUN_OPTIONS = {
  parallel: { type: "string", short: "p" },
  timeout: { type: "string", short: "t" },
  within: { type: "string" },
  timings: { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
} as const satisfies Record<string, OptionSpec>;

/** What {@link RUN_OPTIONS} were given. */
export interface RunArguments {
  readonly parallel: string | undefined;
  readonly timeout: string | undefined;
  readonly within: string | undefined;
  readonly timings: boolean;
  readonly verbose: boolean;
}

/** The engine's options from a command's. @throws CliFailure */
export function runningOptions({ parallel, timeout, within }: RunArguments): RunningOptions {
  if (parallel !== undefined && !/^[1-9][0-9]*$/.test(parallel)) {
    throw usageFailure(`--parallel is "${parallel}"`, "It takes a number of commands, 1 or more.");
  }
  return {
    ...(parallel === undefined ? {} : { parallel: Number(parallel) }),
    ...(timeout === undefined ? {} : { timeoutMs: seconds("--timeout", timeout) * 1000 }),
    ...(within === undefined ? {} : { withinMs: seconds("--within", within) * 1000 }),
  };
}

/** Runs something of the lifecycle, showing it as it goes on. Resolves with the exit status. */
export function showRun(
  io: CliIo,
  shown: {
    readonly json: boolean;
    readonly names: readonly string[];
    readonly verbose: boolean;
    readonly timings: boolean;
  },
  begin: (signal: AbortSignal) => LifecycleRun,
): Promise<number> {
  return unbroken(() =>
    interruptible(async (signal) => {
      const renderer = rendererFor(io, shown);
      const timings = new Timings();
      const onAbort = () => renderer.say("stopping: what was begun is undone; another interrupt leaves at once");
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        const run = begin(signal);
        for await (const event of run) {
          renderer.event(event);
          timings.add(event);
        }
        const outcome = await run.result;
        renderer.end(outcome);
        if (shown.timings && !shown.json) io.stdout.write(`\n${timings.text(paintFor(io, io.stdout))}`);
        if (signal.aborted) return STATUS_INTERRUPTED;
        return outcome.ok ? STATUS_OK : STATUS_FAILED;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    }),
  );
}

import { setTimeout as sleep } from "node:timers/promises";
import type { RawOutcome } from "./binding.js";
import { JailError, JailParameterError } from "./errors.js";

/** Options of every asynchronous call. An aborted call rejects with the signal's reason; what the kernel already has is not recalled. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Throws what a kernel refused. */
export function checked<Outcome extends RawOutcome>(outcome: Outcome, jail?: string | number): Outcome {
  if (outcome.error !== undefined) throw new JailError(outcome.error, { jail });
  return outcome;
}

/** @throws JailParameterError for what is no record of parameters. */
export function record(parameters: unknown): void {
  if (typeof parameters !== "object" || parameters === null || Array.isArray(parameters))
    throw new JailParameterError("parameters", parameters, "they must be an object, a property for each");
}

/** Waits in growing steps, up to a tenth of a second each, until `done` says so; false when `deadline` comes first. */
export async function until(done: () => Promise<boolean>, deadline: number, signal?: AbortSignal): Promise<boolean> {
  for (let pause = 1; !(await done()); pause = Math.min(pause * 2, 100)) {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left), undefined, signal === undefined ? {} : { signal });
  }
  return true;
}

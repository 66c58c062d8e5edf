/** Replays one scenario, step by step, up to the first difference. */
import type { LocalKernel, RawIovecOutcome, RawOutcome } from "../../lib/binding.js";
import { difference } from "./compare.js";
import { outputsOf, packParams } from "./iovec.js";
import type { Reference, Result, Scenario, Step } from "./recording.js";

/** Why a scenario cannot be replayed on this kernel. */
export class Skipped extends Error {}

/** Which face of the calls is used. */
export type Face = "sync" | "async";

export interface Difference {
  /** `3`, or `3.2` for the second step inside the third. */
  readonly step: string;
  readonly op: string;
  readonly what: string;
}

/** Steps for a process inside a jail or of another user: plain data, so that it may be another process of the host. */
export interface Job {
  readonly steps: readonly Step[];
  /** What the steps before have saved, by name. */
  readonly saved: Readonly<Record<string, number>>;
  /** Stands before the numbers of the steps: `3.`. */
  readonly within: string;
  readonly face: Face;
}

/** How entering ended, and what the steps there showed. */
export interface Entered {
  readonly result: Result;
  readonly found?: Difference | undefined;
}

/** A process that makes the calls; what takes a process of its own is asked of it as well. */
export interface Caller {
  readonly kernel: LocalKernel;
  /** A child that does the steps inside a jail, or as a user. @throws Skipped */
  enter(where: { readonly jid: number } | { readonly uid: number }, job: Job): Promise<Entered>;
  /** `jail_attach(2)` by a child, because nobody leaves a jail again. @throws Skipped */
  attach(jid: number): Promise<Result>;
  /** A child that stays in the jail until it is let go; undefined where it cannot enter. @throws Skipped */
  hold(jid: number): Promise<(() => Promise<void>) | undefined>;
}

/** What a call gave, as a recording says it. */
export function resultOf(outcome: RawOutcome): Result {
  return outcome.error === undefined ? { ret: outcome.value } : { ret: -1, errno: outcome.error.code };
}

class Replay {
  readonly #face: Face;
  readonly #caller: Caller;
  readonly #saved: Map<string, number>;
  readonly #held: (() => Promise<void>)[] = [];

  constructor(caller: Caller, { face, saved }: Job) {
    this.#face = face;
    this.#caller = caller;
    this.#saved = new Map(Object.entries(saved));
  }

  async steps({ steps, within }: Job): Promise<Difference | undefined> {
    for (const [i, step] of steps.entries()) {
      if (step.result === undefined) continue;
      const at = `${within}${i + 1}`;
      const { result, found } = await this.#step(step, at);
      if (found !== undefined) return found;
      const what = difference(step.result, result);
      if (what !== undefined) return { step: at, op: step.op, what };
      if (step.save !== undefined) this.#saved.set(step.save, result.ret ?? -1);
    }
    return undefined;
  }

  /** Ends what the steps left. */
  async end(): Promise<void> {
    for (const release of this.#held.splice(0)) await release();
  }

  #resolve(value: Reference): number {
    if (typeof value === "number") return value;
    return value.startsWith("$") ? (this.#saved.get(value.slice(1)) ?? -1) : Number(value);
  }

  async #step(step: Step, at: string): Promise<Entered> {
    const jid = this.#resolve(step.jid ?? 0);
    switch (step.op) {
      case "jail_set":
      case "jail_get":
        return { result: await this.#iovecCall(step, step.op) };
      case "jail_remove": {
        const { kernel } = this.#caller;
        return { result: resultOf(this.#face === "sync" ? kernel.jailRemoveSync(jid) : await kernel.jailRemove(jid)) };
      }
      case "jail_attach":
        return { result: await this.#caller.attach(jid) };
      case "in":
      case "as": {
        const where = step.op === "in" ? { jid } : { uid: step.uid ?? 0 };
        const saved = Object.fromEntries(this.#saved);
        return this.#caller.enter(where, { steps: step.steps ?? [], saved, within: `${at}.`, face: this.#face });
      }
      case "hold": {
        const release = await this.#caller.hold(jid);
        if (release !== undefined) this.#held.push(release);
        return { result: { held: release !== undefined } };
      }
      case "release": {
        const release = this.#held.pop();
        await release?.();
        return { result: { released: release !== undefined } };
      }
      default:
        throw new Error(`step ${at}: unknown operation "${step.op}"`);
    }
  }

  async #iovecCall(step: Step, op: "jail_set" | "jail_get"): Promise<Result> {
    const { kernel } = this.#caller;
    const params = step.params ?? [];
    const iov = packParams(params, (value) => this.#resolve(value));
    const flags = step.flags ?? 0;
    let outcome: RawIovecOutcome;
    if (this.#face === "sync")
      outcome = op === "jail_set" ? kernel.jailSetSync(iov, flags) : kernel.jailGetSync(iov, flags);
    else outcome = await (op === "jail_set" ? kernel.jailSet(iov, flags) : kernel.jailGet(iov, flags));
    const out = outputsOf(op, params, iov, outcome);
    return out.length === 0 ? resultOf(outcome) : { ...resultOf(outcome), out };
  }
}

/** Does the steps of a job. @throws Skipped where this kernel cannot do one. */
export async function runJob(job: Job, caller: Caller): Promise<Difference | undefined> {
  const run = new Replay(caller, job);
  try {
    return await run.steps(job);
  } finally {
    await run.end();
  }
}

/**
 * @returns the first difference, or undefined.
 * @throws Skipped where this kernel cannot do a step.
 */
export function replay(scenario: Scenario, caller: Caller, face: Face = "sync"): Promise<Difference | undefined> {
  return runJob({ steps: scenario.steps, saved: {}, within: "", face }, caller);
}

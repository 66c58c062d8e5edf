/** Replays one scenario on a machine, step by step, up to the first difference. */
import type { LocalKernel, RawIovecOutcome, RawOutcome, SimulatedView } from "../../lib/binding.js";
import { difference } from "./compare.js";
import { outputsOf, packParams } from "./iovec.js";
import type { Reference, Result, Scenario, Step } from "./recording.js";

/** A process that makes the calls; what only a process of its own can do is asked of it as well. */
export type Caller = Pick<SimulatedView, "kernel" | "attach" | "setuid" | "exit"> & { fork(): Caller };

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

type Saved = Map<string, number>;

class Replay {
  private readonly held: Caller[] = [];
  private readonly face: Face;

  constructor(face: Face) {
    this.face = face;
  }

  async steps(steps: readonly Step[], caller: Caller, saved: Saved, within: string): Promise<Difference | undefined> {
    for (const [i, step] of steps.entries()) {
      if (step.result === undefined) continue;
      const at = `${within}${i + 1}`;
      const inner: { found?: Difference } = {};
      const actual = await this.step(step, caller, saved, at, inner);
      if (inner.found !== undefined) return inner.found;
      const what = difference(step.result, actual);
      if (what !== undefined) return { step: at, op: step.op, what };
      if (step.save !== undefined) saved.set(step.save, actual.ret ?? -1);
    }
    return undefined;
  }

  /** Ends what a scenario left. */
  end(): void {
    for (const caller of this.held.splice(0)) caller.exit();
  }

  private async step(
    step: Step,
    caller: Caller,
    saved: Saved,
    at: string,
    inner: { found?: Difference },
  ): Promise<Result> {
    const resolve = (value: Reference): number =>
      typeof value === "number" ? value : value.startsWith("$") ? (saved.get(value.slice(1)) ?? -1) : Number(value);
    switch (step.op) {
      case "jail_set":
      case "jail_get": {
        const params = step.params ?? [];
        const iov = packParams(params, resolve);
        const outcome = await this.call(caller.kernel, step.op, iov, step.flags ?? 0);
        return { ...resultOf(outcome), ...outputs(outputsOf(step.op, params, iov, outcome)) };
      }
      case "jail_remove": {
        const jid = resolve(step.jid ?? 0);
        return resultOf(this.face === "sync" ? caller.kernel.jailRemoveSync(jid) : await caller.kernel.jailRemove(jid));
      }
      case "jail_attach":
        return this.attached(caller, resolve(step.jid ?? 0));
      case "in":
      case "as": {
        const child = caller.fork();
        try {
          if (step.op === "as") {
            child.setuid(step.uid ?? 0);
          } else {
            const entered = child.attach(resolve(step.jid ?? 0));
            if (entered.error !== undefined) return resultOf(entered);
          }
          const found = await this.steps(step.steps ?? [], child, new Map(saved), `${at}.`);
          if (found !== undefined) inner.found = found;
          return { ret: 0 };
        } finally {
          child.exit();
        }
      }
      case "hold": {
        const child = caller.fork();
        const held = child.attach(resolve(step.jid ?? 0)).error === undefined;
        if (held) this.held.push(child);
        else child.exit();
        return { held };
      }
      case "release": {
        const child = this.held.pop();
        child?.exit();
        return { released: child !== undefined };
      }
      default:
        throw new Error(`step ${at}: unknown operation "${step.op}"`);
    }
  }

  /** A process cannot leave a jail again, so the attach is a child's. */
  private attached(caller: Caller, jid: number): Result {
    const child = caller.fork();
    try {
      return resultOf(child.attach(jid));
    } finally {
      child.exit();
    }
  }

  private async call(
    kernel: LocalKernel,
    op: string,
    iov: ReturnType<typeof packParams>,
    flags: number,
  ): Promise<RawIovecOutcome> {
    if (op === "jail_set") return this.face === "sync" ? kernel.jailSetSync(iov, flags) : kernel.jailSet(iov, flags);
    return this.face === "sync" ? kernel.jailGetSync(iov, flags) : kernel.jailGet(iov, flags);
  }
}

function resultOf(outcome: RawOutcome): Result {
  return outcome.error === undefined ? { ret: outcome.value } : { ret: -1, errno: outcome.error.code };
}

function outputs(list: NonNullable<Result["out"]>): Result {
  return list.length === 0 ? {} : { out: list };
}

/**
 * @returns the first difference, or undefined.
 * @throws Skipped where this kernel cannot do a step.
 */
export async function replay(scenario: Scenario, caller: Caller, face: Face = "sync"): Promise<Difference | undefined> {
  const run = new Replay(face);
  try {
    return await run.steps(scenario.steps, caller, new Map(), "");
  } finally {
    run.end();
  }
}

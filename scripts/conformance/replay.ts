/** Does the steps of a scenario, one by one: compares each with what was recorded, or records it. */
import type { RawOutcome } from "../../lib/binding.js";
import type { Calls } from "./calls.js";
import { difference } from "./compare.js";
import { outputsOf, packParams } from "./iovec.js";
import type { Output, Reference, Result, Scenario, Step } from "./recording.js";

/** Why a scenario cannot be replayed on this kernel. */
export class Skipped extends Error {}

/** The process that does the steps is no more: its jail was removed under it. */
export class Ended extends Error {}

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
  /** Whether the steps' results are written down; else they are compared, up to the first difference. */
  readonly record?: boolean;
}

/** What doing them showed. */
export interface Performed {
  /** The steps with their results, as far as they were reached. */
  readonly steps: readonly Step[];
  readonly found?: Difference | undefined;
}

/** How entering ended, and what the steps there showed; nothing of them where the jail was not entered. */
export interface Entered {
  readonly result: Result;
  readonly performed?: Performed | undefined;
}

/** A process that makes the calls; what takes a process of its own is asked of it as well. */
export interface Caller {
  readonly calls: Calls;
  /** A child that does the steps inside a jail, or as a user. @throws Skipped */
  enter(where: { readonly jid: number } | { readonly uid: number }, job: Job): Promise<Entered>;
  /** `jail_attach(2)` by a child, because nobody leaves a jail again. @throws Skipped */
  attach(jid: number): Promise<Result>;
  /** A child that stays in the jail until it is let go; undefined where it cannot enter. @throws Skipped */
  hold(jid: number): Promise<(() => Promise<void>) | undefined>;
  /** A file opened in the jail, which keeps it dying until it is closed; undefined where none can be. @throws Skipped */
  keep?(jid: number): Promise<(() => Promise<void>) | undefined>;
}

/** What a call gave, as a recording says it. */
export function resultOf(outcome: RawOutcome): Result {
  return outcome.error === undefined ? { ret: outcome.value } : { ret: -1, errno: outcome.error.code };
}

function intOf(outputs: readonly Output[] | undefined, name: string): number {
  const hex = outputs?.find((output) => output.name === name)?.hex;
  return hex?.length === 8 ? Buffer.from(hex, "hex").readInt32LE() : -1;
}

class Replay {
  readonly #caller: Caller;
  readonly #job: Job;
  readonly #saved: Map<string, number>;
  readonly #held: (() => Promise<void>)[] = [];
  readonly #kept: (() => Promise<void>)[] = [];

  constructor(caller: Caller, job: Job) {
    this.#caller = caller;
    this.#job = job;
    this.#saved = new Map(Object.entries(job.saved));
  }

  async steps(): Promise<Performed> {
    const { steps, within, record } = this.#job;
    const done: Step[] = [];
    for (const [i, step] of steps.entries()) {
      if (!record && step.result === undefined) continue;
      const at = `${within}${i + 1}`;
      let entered: Entered;
      try {
        entered = await this.#step(step, at);
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
        const result = { ended: true };
        const what = record || step.result === undefined ? undefined : difference(step.result, result);
        if (what !== undefined) return { steps: done, found: { step: at, op: step.op, what } };
        // What it would have done is left as not reached.
        const rest = steps.slice(i + 1).map(({ result: _, ...unreached }) => unreached);
        return { steps: [...done, { ...step, result }, ...rest] };
      }
      const { result, performed } = entered;
      done.push({ ...step, ...(performed && { steps: performed.steps }), result });
      if (performed?.found !== undefined) return { steps: done, found: performed.found };
      const what = record || step.result === undefined ? undefined : difference(step.result, result);
      if (what !== undefined) return { steps: done, found: { step: at, op: step.op, what } };
      if (step.save !== undefined) this.#saved.set(step.save, result.ret ?? -1);
      if (step.saveOut !== undefined) {
        const { as, param } = step.saveOut;
        this.#saved.set(as, result.ret === -1 ? -1 : intOf(result.out, param));
      }
    }
    return { steps: done };
  }

  /** Ends what the steps left. */
  async end(): Promise<void> {
    for (const release of this.#held.splice(0).reverse()) await release();
    for (const drop of this.#kept.splice(0).reverse()) await drop();
  }

  #resolve(value: Reference): number {
    if (typeof value === "number") return value;
    return value.startsWith("$") ? (this.#saved.get(value.slice(1)) ?? -1) : Number(value);
  }

  async #step(step: Step, at: string): Promise<Entered> {
    const { calls } = this.#caller;
    const jid = this.#resolve(step.jid ?? 0);
    const fd = this.#resolve(step.fd ?? -1);
    switch (step.op) {
      case "jail_set":
      case "jail_get":
        return { result: await this.#iovecCall(step, step.op) };
      case "jail_remove":
        return { result: resultOf(await calls.jailRemove(jid)) };
      case "jail_remove_jd":
        return { result: resultOf(await calls.jailRemoveJd(fd)) };
      case "close":
        return { result: resultOf(await calls.close(fd)) };
      case "sysctl":
        return { result: await this.#sysctl(step) };
      case "jail_attach":
        return { result: await this.#caller.attach(jid) };
      case "in":
      case "as": {
        const where = step.op === "in" ? { jid } : { uid: step.uid ?? 0 };
        const saved = Object.fromEntries(this.#saved);
        return this.#caller.enter(where, { ...this.#job, steps: step.steps ?? [], saved, within: `${at}.` });
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
      case "keep": {
        if (this.#caller.keep === undefined) throw new Skipped("this kernel's jails cannot be kept dying from here");
        const drop = await this.#caller.keep(jid);
        if (drop !== undefined) this.#kept.push(drop);
        return { result: { kept: drop !== undefined } };
      }
      case "drop": {
        const drop = this.#kept.pop();
        await drop?.();
        return { result: { dropped: drop !== undefined } };
      }
      default:
        throw new Error(`step ${at}: unknown operation "${step.op}"`);
    }
  }

  async #iovecCall(step: Step, op: "jail_set" | "jail_get"): Promise<Result> {
    const { calls } = this.#caller;
    const params = step.params ?? [];
    const iov = packParams(params, (value) => this.#resolve(value));
    const flags = step.flags ?? 0;
    const outcome = await (op === "jail_set" ? calls.jailSet(iov, flags) : calls.jailGet(iov, flags));
    const saved = step.saveOut?.param;
    const out = outputsOf(op, params, iov, outcome, saved);
    return out.length === 0 ? resultOf(outcome) : { ...resultOf(outcome), out };
  }

  async #sysctl({ name = "", value }: Step): Promise<Result> {
    const outcome = await this.#caller.calls.sysctl(name, value === undefined ? undefined : Buffer.from(value, "hex"));
    if (outcome.error !== undefined) return resultOf(outcome);
    return { ret: 0, out: [{ name, len: outcome.data.length, hex: Buffer.from(outcome.data).toString("hex") }] };
  }
}

/** Does the steps of a job. @throws Skipped where this kernel cannot do one. */
export async function runJob(job: Job, caller: Caller): Promise<Performed> {
  const run = new Replay(caller, job);
  try {
    return await run.steps();
  } finally {
    await run.end().catch((error) => {
      if (!(error instanceof Ended)) throw error;
    });
  }
}

/**
 * @returns the first difference, or undefined.
 * @throws Skipped where this kernel cannot do a step.
 */
export async function replay(scenario: Scenario, caller: Caller): Promise<Difference | undefined> {
  return (await runJob({ steps: scenario.steps, saved: {}, within: "" }, caller)).found;
}

/** The scenario with what this kernel answers. @throws Skipped where it cannot do a step. */
export async function record(scenario: Scenario, caller: Caller): Promise<Scenario> {
  const { steps } = await runJob({ steps: scenario.steps, saved: {}, within: "", record: true }, caller);
  return { ...scenario, steps };
}

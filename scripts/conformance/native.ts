/**
 * A real machine for scenarios. It must have no jails when the run begins, and has none when it ends. The kernel hands
 * out jail ids in turn, so jails are made and removed until the next one is the scenario's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { JAIL_CREATE, JAIL_DYING, type RawOutcome } from "../../lib/binding.js";
import type { Calls } from "./calls.js";
import { packParams } from "./iovec.js";
import { Skipped } from "./replay.js";

/** Milliseconds that a removed jail is waited for: one that is dying still is one that the kernel has lost track of. */
const DYING_LIMIT = 5_000;

function checked<T extends RawOutcome>(outcome: T): T {
  if (outcome.error !== undefined) {
    throw new Error(`${outcome.error.syscall}: ${outcome.error.code} ${outcome.error.message}`.trim());
  }
  return outcome;
}

async function jids(calls: Calls, flags: number): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const last = found.at(-1) ?? 0;
    const outcome = await calls.jailGet(packParams([["lastjid", "int", last]], Number), flags);
    if (outcome.error?.code === "ENOENT") return found;
    found.push(checked(outcome).value);
  }
}

/** The jails of a host. */
export class Ground {
  readonly #calls: Calls;
  /** Jails that are dying for ever. */
  readonly #lost: Set<number>;

  private constructor(calls: Calls, lost: readonly number[]) {
    this.#calls = calls;
    this.#lost = new Set(lost);
  }

  /** @throws Error where the machine has living jails. */
  static async of(calls: Calls): Promise<Ground> {
    const there = await jids(calls, 0);
    if (there.length > 0)
      throw new Error(`this machine has jails (${there.join(", ")}): scenarios need a host without`);
    return new Ground(calls, await jids(calls, JAIL_DYING));
  }

  /** Removes every jail and waits until none is dying, but for those that never end. */
  async clear(): Promise<void> {
    for (const jid of await jids(this.#calls, 0)) await this.#calls.jailRemove(jid);
    for (let waited = 0; ; waited += 10) {
      const left = (await jids(this.#calls, JAIL_DYING)).filter((jid) => !this.#lost.has(jid));
      if (left.length === 0) return;
      if (waited > DYING_LIMIT) {
        for (const jid of left) this.#lost.add(jid);
        return;
      }
      await sleep(10);
    }
  }

  /** The last jail id that the kernel has given out, which is found by making it give out another. */
  async lastjid(): Promise<number> {
    const { value: jid } = checked(await this.#calls.jailSet(packParams([["persist", "null"]], Number), JAIL_CREATE));
    checked(await this.#calls.jailRemove(jid));
    return jid;
  }

  /**
   * Makes jails without a jid until the kernel has given out `lastjid`.
   *
   * @throws Skipped where it has given out later ones: it would begin anew after a million.
   */
  async advance(lastjid: number): Promise<void> {
    for (;;) {
      const jid = await this.lastjid();
      if (jid === lastjid) return;
      if (jid > lastjid) throw new Skipped(`the kernel has given out jail id ${jid} already: it takes a new boot`);
    }
  }
}

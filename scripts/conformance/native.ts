/**
 * A real machine for scenarios. It must have no jails when the run begins, and has none when it ends. The kernel hands
 * out jail ids in turn, so jails are made and removed until the next one is the scenario's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { JAIL_CREATE, JAIL_DYING, type RawOutcome } from "../../lib/binding.js";
import type { Calls } from "./calls.js";
import { packParams } from "./iovec.js";
import { type Scenario, someStep } from "./recording.js";
import { type Caller, Skipped } from "./replay.js";

/** Milliseconds that a removed jail is waited for: one that is dying still is one that the kernel has lost track of. */
const DYING_LIMIT = 5_000;

/** The jid of a dying jail that is put in the way of another. */
const IN_THE_WAY = 60_000;

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

/** What scenarios may write. */
const SETTINGS = ["enforce_statfs", "jail_max_af_ips", "set_hostname_allowed", "sysvipc_allowed", "meta_maxbufsize"];

async function settingsOf(calls: Calls): Promise<Map<string, Uint8Array>> {
  const settings = new Map<string, Uint8Array>();
  for (const name of SETTINGS.map((setting) => `security.jail.${setting}`)) {
    const { data, error } = await calls.sysctl(name);
    if (error === undefined) settings.set(name, data);
  }
  return settings;
}

/** The jails of a host, and its settings. */
export class Ground {
  /** The settings that this kernel has, as they were at first. */
  readonly settings: ReadonlyMap<string, Uint8Array>;
  readonly #calls: Calls;
  readonly #keep: Caller["keep"];
  /** Jails that are dying for ever. */
  readonly #lost: Set<number>;

  private constructor({ calls, keep }: Caller, lost: readonly number[], settings: ReadonlyMap<string, Uint8Array>) {
    this.#calls = calls;
    this.#keep = keep;
    this.#lost = new Set(lost);
    this.settings = settings;
  }

  /** @throws Error where the machine has living jails. */
  static async of(caller: Caller): Promise<Ground> {
    const { calls } = caller;
    const there = await jids(calls, 0);
    if (there.length > 0)
      throw new Error(`this machine has jails (${there.join(", ")}): scenarios need a host without`);
    return new Ground(caller, await jids(calls, JAIL_DYING), await settingsOf(calls));
  }

  /** Ends what a scenario left: jails, and settings where it writes any. */
  async cleanUp({ steps }: Scenario): Promise<void> {
    await this.clear();
    if (!someStep(steps, ({ value }) => value !== undefined)) return;
    for (const [name, value] of this.settings) checked(await this.#calls.sysctl(name, value));
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

  /** The id that a dying jail in the way was last given, which is found by putting one in the way; 0 where none can be. */
  async lastDead(): Promise<number> {
    if (this.#keep === undefined) return 0;
    const list = [["jid", "int", IN_THE_WAY] as const, ["persist", "null"] as const];
    const make = async () => checked(await this.#calls.jailSet(packParams(list, Number), JAIL_CREATE));
    await make();
    const drop = await this.#keep(IN_THE_WAY);
    await this.#calls.jailRemove(IN_THE_WAY);
    await make();
    const after = packParams([["lastjid", "int", IN_THE_WAY]], Number);
    const { value } = checked(await this.#calls.jailGet(after, JAIL_DYING));
    await drop?.();
    await this.clear();
    return value;
  }

  /**
   * Puts dying jails in the way until the last was given that id.
   *
   * @throws Skipped where the kernel has given out lower ones
   */
  async advanceDead(lastdead: number): Promise<void> {
    for (;;) {
      const jid = await this.lastDead();
      if (jid === lastdead) return;
      if (jid < lastdead) throw new Skipped(`a dying jail was given id ${jid} already: it takes a new boot`);
    }
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

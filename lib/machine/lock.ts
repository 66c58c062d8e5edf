import type { Actor, LockHolder, LockOptions, Machine, MachineLock, MachineOptions } from "./machine.js";
import { VersionedFile } from "./versioned-file.js";

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;

type Waiting = Pick<Machine, "self" | "alive" | "sleep" | "now" | "random">;

/** The content of a lock's file: who holds it, or nobody. */
interface LockState {
  readonly holder: (LockHolder & { readonly token: string }) | null;
}

function parse(text: string): LockState {
  if (text === "") return { holder: null };
  return JSON.parse(text) as LockState;
}

/** Whether two actors are the same process. */
export function sameActor(a: Actor, b: Actor): boolean {
  return a.pid === b.pid && a.started === b.started && a.boot === b.boot;
}

/**
 * Takes the lock that `directory` stands for, waiting while a living process holds it. A holder that has ended, or
 * that belongs to an earlier boot of the machine, holds nothing.
 */
export async function takeLock(
  machine: Waiting,
  directory: string,
  purpose: string,
  options: LockOptions = {},
): Promise<MachineLock> {
  const file = new VersionedFile(directory);
  const self = await machine.self(options);
  const token = Buffer.from(machine.random(12)).toString("hex");
  let told = "";
  let wait = FIRST_WAIT_MS;
  for (;;) {
    options.signal?.throwIfAborted();
    const version = file.read();
    const { holder } = parse(version.text);
    if (holder === null || !(await machine.alive(holder, options))) {
      const mine: LockState = { holder: { ...self, purpose, since: machine.now(), token } };
      if (file.replace(version.number, JSON.stringify(mine))) return release(file, token);
      continue;
    }
    if (holder.token !== told) {
      told = holder.token;
      options.onWait?.(holder);
    }
    await machine.sleep(wait, options);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** Who holds the lock that `directory` stands for; undefined where nobody living does. */
export async function currentHolder(
  machine: Pick<Machine, "alive">,
  directory: string,
  options: MachineOptions = {},
): Promise<LockHolder | undefined> {
  const { holder } = parse(new VersionedFile(directory).read().text);
  return holder !== null && (await machine.alive(holder, options)) ? holder : undefined;
}

function release(file: VersionedFile, token: string): MachineLock {
  let held = true;
  return {
    async release() {
      if (!held) return;
      held = false;
      for (;;) {
        const version = file.read();
        if (parse(version.text).holder?.token !== token) return;
        if (file.replace(version.number, JSON.stringify({ holder: null }))) return;
      }
    },
  };
}

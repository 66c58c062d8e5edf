import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "../../lib/machine/machine.js";
import { actorAlive, currentActor } from "../../lib/machine/process-identity.js";
import type { Waits } from "./waits.js";

const LOOK_AGAIN_MS = 200;

function holderOf(file: string): (Actor & { readonly token: string }) | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Takes the place of a lock whose holder is gone; puts back one that somebody else took in between. */
function breakLock(file: string, token: string | undefined): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (holderOf(aside)?.token !== token) linkSync(aside, file);
  } catch {
    // Somebody else was quicker.
  }
  rmSync(aside, { force: true });
}

/**
 * Holds `file` as a lock while `work` runs. It ends with the process that holds it: one left behind is taken over.
 * Guards work that is done twice at worst, such as a download.
 */
export async function withLock<T>(
  file: string,
  { waits, signal, onWait }: { waits: Waits; signal: AbortSignal; onWait?: (pid: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const token = randomUUID();
  const mine = `${file}.${token}`;
  writeFileSync(mine, JSON.stringify({ ...(await currentActor()), token }));
  const deadline = performance.now() + waits.ms("lock");
  try {
    for (let told = ""; ; ) {
      signal.throwIfAborted();
      try {
        linkSync(mine, file);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = holderOf(file);
      if (holder === undefined || !(await actorAlive(holder))) {
        breakLock(file, holder?.token);
        continue;
      }
      if (performance.now() > deadline) throw waits.overrun("lock", `process ${holder.pid} still holds ${file}`);
      if (told !== holder.token) onWait?.(holder.pid);
      told = holder.token;
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    if (holderOf(file)?.token === token) rmSync(file, { force: true });
  }
}

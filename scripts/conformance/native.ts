/**
 * A real machine for scenarios. It must have no jails when the run begins, and has none when it ends. The kernel hands
 * out jail ids in turn, so jails are made and removed until the next one is the scenario's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { JAIL_CREATE, JAIL_DYING, type LocalKernel, type RawOutcome } from "../../lib/binding.js";
import { packParams } from "./iovec.js";
import { nativeCaller } from "./native-caller.js";
import type { Caller } from "./replay.js";

const JID_FIELD = [{ name: "jid", size: 4, grows: false }];
const MOST_JIDS = 999_999;

export interface NativeMachine {
  begin(lastjid: number): Promise<Caller>;
  clear(): Promise<void>;
}

function checked<T extends RawOutcome>(outcome: T): T {
  if (outcome.error !== undefined) {
    throw new Error(`${outcome.error.syscall}: ${outcome.error.code} ${outcome.error.message}`.trim());
  }
  return outcome;
}

function jids(kernel: LocalKernel, flags: number): number[] {
  const rows = checked(kernel.jailListSync(JID_FIELD, flags));
  const view = new DataView(rows.data.buffer, rows.data.byteOffset, rows.data.byteLength);
  return Array.from({ length: rows.rows }, (_, i) => view.getInt32(4 * i, true));
}

/** Removes every jail and waits until none is dying. */
async function clear(kernel: LocalKernel): Promise<void> {
  for (const jid of jids(kernel, 0)) kernel.jailRemoveSync(jid);
  for (let waited = 0; jids(kernel, JAIL_DYING).length > 0; waited += 10) {
    if (waited > 30_000) throw new Error("a removed jail has been dying for 30 seconds");
    await sleep(10);
  }
}

/** Makes jails without a jid until the kernel has given out `lastjid`. */
function advance(kernel: LocalKernel, lastjid: number): void {
  const iov = packParams([["persist", "null"]], Number);
  for (let made = 0; made <= MOST_JIDS; made++) {
    const { value: jid } = checked(kernel.jailSetSync(iov, JAIL_CREATE));
    checked(kernel.jailRemoveSync(jid));
    if (jid === lastjid) return;
  }
  throw new Error(`jail id ${lastjid} was never given out`);
}

/** @throws Error where the machine has jails. */
export async function openNativeMachine(kernel: LocalKernel): Promise<NativeMachine> {
  const there = jids(kernel, JAIL_DYING);
  if (there.length > 0) throw new Error(`this machine has jails (${there.join(", ")}): scenarios need a host without`);
  return {
    async begin(lastjid) {
      await clear(kernel);
      advance(kernel, lastjid);
      return nativeCaller(kernel);
    },
    clear: () => clear(kernel),
  };
}

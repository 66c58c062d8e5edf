import type { LedgerEntry } from "../ledger/ledger.js";
import type { JailDefinition } from "../parameters.js";
import { situation } from "./leftovers.js";
import { lockNow } from "./recover.js";
import type { Session } from "./session.js";

/** A jail that an earlier process started. */
export interface AdoptedJail {
  readonly name: string;
  readonly jid: number;
  /** What it was started with. */
  readonly definition: JailDefinition;
  /** Since when it is up, in milliseconds since 1970. */
  readonly since: number;
}

/** When the jail of a ledger was made, in milliseconds since 1970. */
export function madeAt(entries: readonly LedgerEntry[]): number | undefined {
  return entries.find(({ thing }) => thing.kind === "jail")?.at;
}

/** Takes over the jails whose ledger and kernel agree, and that nobody works on. */
export async function adopt(session: Session, only: readonly string[] | undefined): Promise<readonly AdoptedJail[]> {
  const { engine } = session;
  const { boot } = await engine.machine.self();
  const adopted: AdoptedJail[] = [];
  for (const name of await engine.books.jails({ signal: engine.signal })) {
    if (only !== undefined && !only.includes(name)) continue;
    const { lock } = await lockNow(engine, name, "adopt");
    if (lock === undefined) continue;
    try {
      const ledger = await engine.books.open(name);
      const found = await engine.jails.find(name);
      const { run, definition, entries } = ledger.state;
      if (found === undefined || run === undefined) continue;
      const last = await engine.books.lastRun(name);
      if (situation(ledger, found, boot, last) !== "up") continue;
      await ledger.begin("update");
      await ledger.end("done");
      const parameters = definition?.parameters ?? {};
      adopted.push({ name, jid: found.jid, definition: { name, parameters }, since: madeAt(entries) ?? run.at });
    } finally {
      await lock.release();
    }
  }
  return adopted;
}

import { type Situation, situation } from "../engine/leftovers.js";
import type { Session } from "../engine/session.js";
import type { RunSummary } from "../ledger/summary.js";
import type { JailDefinition } from "../parameters.js";

/** How one jail stands. */
export interface JailStatus {
  readonly name: string;
  readonly jid: number | undefined;
  readonly path: string | undefined;
  /** What the kernel shows. */
  readonly state: "up" | "dying" | "down";
  /** What ledger and kernel say together. */
  readonly situation: Situation;
  readonly defined: boolean;
  /** When its last run began, in milliseconds since 1970, and what became of it. */
  readonly last: RunSummary | undefined;
}

/** Every jail that is defined, recorded or there, by name. */
export async function status(session: Session, definitions: readonly JailDefinition[]): Promise<readonly JailStatus[]> {
  const { engine } = session;
  const { signal } = engine;
  const running = await engine.jails.list({ signal });
  const recorded = await engine.books.jails({ signal });
  const { boot } = await engine.machine.self({ signal });
  const defined = new Set(definitions.map(({ name }) => name));
  const names = new Set([...defined, ...recorded, ...running.map(({ name }) => name)]);
  const rows: JailStatus[] = [];
  for (const name of [...names].sort()) {
    const alive = running.find((jail) => jail.name === name && !jail.dying);
    const shown = alive ?? running.find((jail) => jail.name === name);
    const last = await engine.books.lastRun(name, { signal });
    const ledger = await engine.books.open(name, { signal });
    rows.push({
      name,
      jid: shown?.jid,
      path: shown?.path,
      state: alive !== undefined ? "up" : shown !== undefined ? "dying" : "down",
      situation: situation(ledger, alive, boot, last),
      defined: defined.has(name),
      last,
    });
  }
  return rows;
}

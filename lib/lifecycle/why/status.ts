import { madeAt } from "../engine/adopt.js";
import { type Situation, situation } from "../engine/leftovers.js";
import type { Session } from "../engine/session.js";
import { LedgerVersionError } from "../ledger/ledger.js";
import type { RunSummary } from "../ledger/summary.js";
import type { JailDefinition } from "../parameters.js";
import type { RunningJail } from "../port.js";

/** How one jail stands. */
export interface JailStatus {
  readonly name: string;
  /** Undefined where it is not there. */
  readonly jid: number | undefined;
  /** The jail's root; undefined where it is not there. */
  readonly path: string | undefined;
  /** What the kernel shows. */
  readonly state: "up" | "dying" | "down";
  /** What ledger and kernel say together; `"unreadable"`: the ledger is another version's, or not ours to read. */
  readonly situation: Situation | "unreadable";
  /** It is in the definitions that were given. */
  readonly defined: boolean;
  /** Since when it is up, in milliseconds since 1970, where we started it. */
  readonly since: number | undefined;
  /** Another process that works on it now. */
  readonly busy: string | undefined;
  /** When its last run ended, in milliseconds since 1970, and what became of it. */
  readonly last: RunSummary | undefined;
}

/** What the books say of a jail. */
type Recorded = Pick<JailStatus, "situation" | "since" | "busy" | "last">;

/** Every jail that is defined, recorded or there, by name. */
export async function status(session: Session, definitions: readonly JailDefinition[]): Promise<readonly JailStatus[]> {
  const { engine } = session;
  const { signal } = engine;
  const running = await engine.jails.list({ signal });
  const recorded = (await readable(() => engine.books.jails({ signal }))) ?? [];
  const defined = new Set(definitions.map(({ name }) => name));
  const names = new Set([...defined, ...recorded, ...running.map(({ name }) => name)]);
  const rows: JailStatus[] = [];
  for (const name of [...names].sort()) {
    const alive = running.find((jail) => jail.name === name && !jail.dying);
    const shown = alive ?? running.find((jail) => jail.name === name);
    const books = await readable(() => recordOf(session, name, alive));
    rows.push({
      name,
      jid: shown?.jid,
      path: shown?.path,
      state: alive !== undefined ? "up" : shown !== undefined ? "dying" : "down",
      defined: defined.has(name),
      ...(books ?? { situation: "unreadable", since: undefined, busy: undefined, last: undefined }),
    });
  }
  return rows;
}

async function recordOf(session: Session, name: string, alive: RunningJail | undefined): Promise<Recorded> {
  const { books, machine, signal } = session.engine;
  const { boot } = await machine.self({ signal });
  const last = await books.lastRun(name, { signal });
  const ledger = await books.open(name, { signal });
  const holder = await books.holder(name, { signal });
  return {
    situation: situation(ledger, alive, boot, last),
    since: alive === undefined ? undefined : madeAt(ledger.state.entries),
    busy: holder === undefined ? undefined : `process ${holder.pid}: ${holder.purpose}`,
    last,
  };
}

/** What is asked; undefined where another version wrote it, or we may not read it. */
async function readable<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const denied = (error as { code?: unknown }).code === "EACCES";
    if (error instanceof LedgerVersionError || denied) return undefined;
    throw error;
  }
}

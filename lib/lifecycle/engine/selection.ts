import { MachineError } from "../../machine/machine.js";
import { buildGraph, type Need, reverseNeeds } from "../graph.js";
import { LedgerVersionError } from "../ledger/ledger.js";
import type { JailDefinition } from "../parameters.js";
import type { RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import type { Session } from "./session.js";

/** The jails that a stop is about, those that need them and their children, and what each waits for. */
export interface StopSelection {
  readonly specs: ReadonlyMap<string, JailSpec>;
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  /** Those that were asked for. */
  readonly wanted: readonly string[];
}

/** Chooses what is to be stopped. */
export async function selectStops(
  session: Session,
  definitions: readonly JailDefinition[],
  only: readonly string[] | undefined,
): Promise<StopSelection> {
  const { engine } = session;
  const running = await engine.jails.list({ signal: engine.signal });
  const recorded = await engine.books.jails({ signal: engine.signal });
  const known = new Map(definitions.map((definition) => [definition.name, definition]));
  const wanted = only ?? [...known.keys()];
  const present = new Set([...running.filter((jail) => !jail.dying).map((jail) => jail.name), ...recorded]);
  const parts = await definitionsFor(session, wanted, known, present, running);
  const { specs } = await session.readQuietly(parts);
  const all = buildGraph([...specs.values()], [...specs.keys()]);
  const reversed = reverseNeeds(dropCycles(all));
  const meant = withDependents(wanted, reversed, present);
  const needs = new Map<string, readonly Need[]>();
  for (const name of new Set([...wanted, ...reversed.keys()])) {
    const own = reversed.get(name);
    if (own === undefined || !meant.has(name)) continue;
    needs.set(
      name,
      own.filter((need) => meant.has(need.name)),
    );
  }
  return { specs, needs, wanted };
}

/** Definitions of all that may be meant: as given, else as the ledger keeps them, else only a name and a path. */
async function definitionsFor(
  session: Session,
  wanted: readonly string[],
  known: ReadonlyMap<string, JailDefinition>,
  present: ReadonlySet<string>,
  running: readonly RunningJail[],
): Promise<JailDefinition[]> {
  const parts = new Map(known);
  const names = [...wanted, ...[...present].filter((name) => wanted.some((above) => name.startsWith(`${above}.`)))];
  for (const name of names) {
    if (parts.has(name)) continue;
    const path = running.find((jail) => jail.name === name)?.path;
    const bare = { name, parameters: path === undefined ? {} : { path } };
    parts.set(name, (await recordedDefinition(session, name)) ?? bare);
  }
  return [...parts.values()];
}

/** What a jail was started with, by its ledger. A ledger that cannot be read is told of when the jail's turn comes. */
export async function recordedDefinition(session: Session, name: string): Promise<JailDefinition | undefined> {
  try {
    const parameters = (await session.engine.books.open(name)).state.definition?.parameters;
    return parameters === undefined ? undefined : { name, parameters };
  } catch (error) {
    if (error instanceof LedgerVersionError || error instanceof MachineError) return undefined;
    throw error;
  }
}

/** A loop keeps nothing from being stopped: the need that closes it is left out. */
function dropCycles(graph: ReturnType<typeof buildGraph>) {
  const closing = graph.problems.filter((problem) => problem.kind === "cycle").map(({ path }) => path.slice(-2));
  return new Map(
    [...graph.needs].map(([name, own]) => [
      name,
      own.filter((need) => !closing.some(([from, to]) => from === name && to === need.name)),
    ]),
  );
}

/** The jails that are meant, and those there that need one of them. */
function withDependents(
  wanted: readonly string[],
  reversed: ReadonlyMap<string, readonly { readonly name: string }[]>,
  present: ReadonlySet<string>,
): ReadonlySet<string> {
  const meant = new Set<string>();
  const queue = [...wanted];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (meant.has(name) || (!wanted.includes(name) && !present.has(name))) continue;
    meant.add(name);
    queue.push(...(reversed.get(name) ?? []).map((need) => need.name));
  }
  return meant;
}

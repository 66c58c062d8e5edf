import { type LockHolder, MachineError, type MachineLock } from "../../machine/machine.js";
import { stepFailure } from "../events.js";
import { buildGraph, type Need, reverseNeeds } from "../graph.js";
import { type Ledger, LedgerVersionError } from "../ledger/ledger.js";
import type { DownOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import { DOWN } from "../steps/table.js";
import type { Engine } from "./context.js";
import { digest, plainParameters } from "./digest.js";
import { forgetRebooted, situation } from "./leftovers.js";
import { type Ending, JailRunner } from "./runner.js";
import { runSchedule } from "./schedule.js";
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

/** Stops jails, those that need them and their children before them. */
export async function stop(
  session: Session,
  definitions: readonly JailDefinition[],
  options: DownOptions,
): Promise<void> {
  const { specs, needs, wanted } = await selectStops(session, definitions, options.only);
  const known = new Map(definitions.map((definition) => [definition.name, definition]));
  await runSchedule({
    needs,
    atOnce: session.atOnce,
    newestFirst: true,
    run: (name, milestone) =>
      stopOne(session, known.get(name), specs.get(name) as JailSpec, milestone, options, wanted.includes(name)),
    skip: (name, need) =>
      session.tell(name, { state: "skipped", reason: `"${need}", which needs it, could not be stopped` }),
  });
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

async function stopOne(
  session: Session,
  definition: JailDefinition | undefined,
  spec: JailSpec,
  milestone: () => void,
  options: DownOptions,
  explicit: boolean,
): Promise<boolean> {
  const { engine } = session;
  const { signal, books, machine } = engine;
  const { name } = spec;
  if (signal?.aborted) {
    session.tell(name, { state: "aborted", error: stepFailure(signal.reason) });
    return false;
  }
  try {
    const lock = await lockForStop(engine, name);
    try {
      const ledger = await books.open(name, { signal });
      const found = await engine.jails.find(name, { signal });
      const { boot } = await machine.self();
      let now = situation(ledger, found, boot, await books.lastRun(name));
      if (now === "rebooted") {
        await forgetRebooted(engine, ledger);
        now = found === undefined ? "nothing" : "foreign";
      }
      if (now === "nothing") return notThere(session, name, options, explicit);
      const before = ledger.state.definition;
      const assumeOurs = now === "foreign" && options.unrecorded === "definition";
      await beginStop(ledger);
      const runner = new JailRunner(engine, spec, ledger, assumeOurs);
      runner.onMilestone = milestone;
      runner.damagedLedger = now === "damaged" || ledger.state.damaged > 0;
      const own = ledger.state.entries.find(({ thing }) => thing.kind === "jail")?.id;
      runner.context.jid = found?.jid ?? (own === undefined ? undefined : Number(own));
      runner.context.alive = found !== undefined;
      const rows = found === undefined ? DOWN.filter((row) => row.cleans) : DOWN;
      const ending = await runner.down(rows, options.force);
      const changed =
        definition !== undefined && before !== undefined && before.digest !== digest(plainParameters(definition));
      await runner.finish("down", changed ? withReason(ending) : ending);
      return ending.state === "down";
    } finally {
      await lock.release();
    }
  } catch (error) {
    session.tell(name, { state: signal?.aborted ? "aborted" : "failed", error: stepFailure(error) });
    return false;
  }
}

/** How long a lock is still waited for when the time for all is over: a jail that nobody works on is stopped all the same. */
const LATE_MS = 1000;

async function lockForStop(engine: Engine, name: string): Promise<MachineLock> {
  const { books, machine, signal, waiting } = engine;
  const onWait = (holder: LockHolder) => engine.emit({ type: "wait", jail: name, at: machine.now(), holder });
  if (!waiting.aborted || signal.aborted) return books.lock(name, "down", { signal: waiting, onWait });
  const late = new AbortController();
  const taken = new AbortController();
  machine.sleep(LATE_MS, { signal: taken.signal }).then(
    () => late.abort(waiting.reason),
    () => undefined,
  );
  return books.lock(name, "down", { signal: late.signal, onWait }).finally(() => taken.abort());
}

/** A stop makes nothing, so nothing of it must be written down: it goes on where the disk is full. */
async function beginStop(ledger: Ledger): Promise<void> {
  try {
    await ledger.begin("down");
  } catch (error) {
    if (!(error instanceof MachineError) || !["ENOSPC", "EDQUOT", "EROFS"].includes(error.code)) throw error;
  }
}

function withReason(ending: Ending): Ending {
  return { ...ending, reason: "its definition has changed since it was started; what was made then was taken away" };
}

function notThere(session: Session, name: string, options: DownOptions, explicit: boolean): boolean {
  if (options.missing === "fail" && explicit) {
    session.tell(name, { state: "failed", error: { code: "ENOENT", message: `"${name}" not found` } });
    return false;
  }
  session.tell(name, { state: "unchanged", reason: "it is not up" });
  return true;
}

import { stepFailure } from "../events.js";
import { buildGraph, inOrder, reverseNeeds } from "../graph.js";
import type { Ledger } from "../ledger/ledger.js";
import type { RunningJail } from "../port.js";
import { type JailSpec, readSpec } from "../spec.js";
import { DOWN, UP } from "../steps/table.js";
import type { Engine } from "./context.js";
import { forgetRebooted, recordedJid, type Situation, situation } from "./leftovers.js";
import { type Ending, JailRunner } from "./runner.js";
import { recordedDefinition } from "./selection.js";
import type { Session } from "./session.js";

/** Words for what was found, as the result's reason. */
const FOUND: Readonly<Record<Situation, string>> = {
  nothing: "its ledger was empty",
  up: "it is up",
  damaged: "it is up; its ledger had lost lines and was written anew",
  foreign: "it is up, started by others",
  rebooted: "the machine was started again since; what was made went with it",
  "half up": "a start was cut off; what it had done was taken back",
  "half down": "a stop was cut off; it was finished",
  "stopped by others": "it was stopped without us; what was made for it was taken away",
  remains: "what a stop could not take away was taken away",
  replaced: "another jail of that name is up, and keeps what was made for the first",
};

/** Goes through all ledgers and finishes or takes back what was cut off. Jails that somebody works on are left to them. */
export async function recover(session: Session, only: readonly string[] | undefined): Promise<void> {
  const { engine } = session;
  const recorded = await engine.books.jails({ signal: engine.signal });
  for (const name of only ?? []) {
    if (!recorded.includes(name)) session.tell(name, { state: "unchanged", reason: "nothing is recorded of it" });
  }
  const names = await fromTheTop(session, recorded);
  for (const name of names.filter((name) => only?.includes(name) ?? true)) {
    try {
      await recoverOne(session, name);
    } catch (error) {
      session.tell(name, { state: engine.signal.aborted ? "aborted" : "failed", error: stepFailure(error) });
    }
  }
  if (only === undefined) await engine.books.forget(engine.machine.now() - REMEMBERED_MS);
}

/** Jails in jails, and those that need others, first: their mounts and processes keep the others from going. */
async function fromTheTop(session: Session, names: readonly string[]): Promise<readonly string[]> {
  const nodes = await Promise.all(
    names.map(async (name) => {
      const { depend = [] } = (await recordedDefinition(session, name))?.parameters ?? {};
      return { name, depend: [depend].flat().map(String) };
    }),
  );
  const { needs } = buildGraph(nodes, names);
  return inOrder([...needs.keys()], reverseNeeds(needs));
}

/** How long the last run of a jail is remembered that is there no more. */
const REMEMBERED_MS = 90 * 24 * 3600 * 1000;

/** Takes a jail's lock unless somebody living holds it; then who that is. */
export async function lockNow(engine: Engine, name: string, purpose: string) {
  const taken = new AbortController();
  let holder = "";
  try {
    const lock = await engine.books.lock(name, purpose, {
      signal: taken.signal,
      onWait: (other) => {
        holder = `process ${other.pid} works on it: ${other.purpose}`;
        taken.abort();
      },
    });
    return { lock };
  } catch (error) {
    if (!taken.signal.aborted) throw error;
    return { holder };
  }
}

async function recoverOne(session: Session, name: string): Promise<void> {
  const { engine } = session;
  engine.signal.throwIfAborted();
  const { lock, holder } = await lockNow(engine, name, "recover");
  if (lock === undefined) {
    session.tell(name, { state: "unchanged", reason: holder });
    return;
  }
  try {
    const ledger = await engine.books.open(name);
    const found = await engine.jails.find(name);
    const { boot } = await engine.machine.self();
    const now = situation(ledger, found, boot, await engine.books.lastRun(name));
    const parameters = ledger.state.definition?.parameters ?? {};
    const { spec } = await readSpec({ name, parameters }, engine.machine);
    await settle(session, now, spec, ledger, found);
  } finally {
    await lock.release();
  }
}

async function settle(
  session: Session,
  now: Situation,
  spec: JailSpec,
  ledger: Ledger,
  found: RunningJail | undefined,
): Promise<void> {
  const { engine } = session;
  const jid = found === undefined ? {} : { jid: found.jid };
  const tell = (state: "up" | "down" | "unchanged") =>
    session.tell(spec.name, { state, reason: FOUND[now], ...(state === "down" ? {} : jid) });
  if (now === "nothing" || now === "rebooted") {
    await forgetRebooted(engine, ledger);
    return tell(found === undefined ? "down" : "unchanged");
  }
  if (now === "up" || now === "foreign" || now === "replaced") return tell("unchanged");
  if (now === "damaged") {
    await repair(engine, spec, ledger, found);
    return tell("up");
  }
  const runner = new JailRunner(engine, spec, ledger);
  runner.damagedLedger = ledger.state.damaged > 0;
  runner.context.jid = found?.jid ?? recordedJid(ledger);
  runner.context.alive = found !== undefined;
  let ending: Ending;
  if (now === "half down") {
    ending = await runner.down(found === undefined ? DOWN.filter((row) => row.cleans) : DOWN, true);
  } else {
    await runner.undo();
    ending = { state: "down" };
  }
  if (runner.left.length > 0) {
    const error = { code: runner.left[0]?.code ?? "EIO", message: "not everything could be taken away" };
    await runner.finish("down", { state: "failed", error });
  } else await runner.finish("down", { ...ending, state: "down", reason: FOUND[now] });
}

/** Writes down again what the definition says was made, so that a stop finds it. */
async function repair(engine: Engine, spec: JailSpec, ledger: Ledger, found: RunningJail | undefined): Promise<void> {
  const { definition } = ledger.state;
  await ledger.begin("up");
  if (definition !== undefined) await ledger.define(definition.parameters, definition.digest);
  for (const row of UP) {
    for (const { thing } of row.kind.up(spec, row)) {
      if (thing === undefined) continue;
      const entry = ledger.find(thing) ?? (await ledger.intend(thing));
      if (entry.made) continue;
      await ledger.made(entry, thing.kind === "jail" && found !== undefined ? String(found.jid) : undefined);
    }
  }
  await ledger.end("done");
  const last = await engine.books.lastRun(spec.name);
  if (last !== undefined) await engine.books.remember({ ...last, run: ledger.state.run?.run ?? last.run });
}

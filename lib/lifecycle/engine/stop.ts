import { MachineError, type MachineLock } from "../../machine/machine.js";
import type { Ledger } from "../ledger/ledger.js";
import type { DownOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { JailSpec } from "../spec.js";
import { DOWN } from "../steps/table.js";
import type { Engine } from "./context.js";
import { digest, plainParameters } from "./digest.js";
import { forgetRebooted, recordedJid, situation } from "./leftovers.js";
import { type Ending, JailRunner } from "./runner.js";
import { runSchedule } from "./schedule.js";
import { selectStops } from "./selection.js";
import type { Session } from "./session.js";
import { takeLock, takeTurn } from "./turn.js";

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
      takeTurn(
        session,
        name,
        () => lockForStop(session.engine, name),
        () =>
          stopLocked(session, known.get(name), specs.get(name) as JailSpec, milestone, options, wanted.includes(name)),
      ),
    skip: (name, need) =>
      session.tell(name, { state: "skipped", reason: `"${need}", which needs it, could not be stopped` }),
  });
}

async function stopLocked(
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
  runner.context.jid = found?.jid ?? recordedJid(ledger);
  runner.context.alive = found !== undefined;
  const rows = found === undefined ? DOWN.filter((row) => row.cleans) : DOWN;
  const ending = await runner.down(rows, options.force);
  const changed =
    definition !== undefined && before !== undefined && before.digest !== digest(plainParameters(definition));
  await runner.finish("down", changed ? withReason(ending) : ending);
  return ending.state === "down";
}

/** How long a lock is still waited for when the time for all is over: a jail that nobody works on is stopped all the same. */
const LATE_MS = 1000;

async function lockForStop(engine: Engine, name: string): Promise<MachineLock> {
  const { machine, signal, waiting } = engine;
  if (!waiting.aborted || signal.aborted) return takeLock(engine, name, "down");
  const late = new AbortController();
  const taken = new AbortController();
  machine.sleep(LATE_MS, { signal: taken.signal }).then(
    () => late.abort(waiting.reason),
    () => undefined,
  );
  return takeLock(engine, name, "down", late.signal).finally(() => taken.abort());
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

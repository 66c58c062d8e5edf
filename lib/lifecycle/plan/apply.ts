import { digest, plainParameters } from "../engine/digest.js";
import { JailRunner } from "../engine/runner.js";
import type { Session } from "../engine/session.js";
import { start } from "../engine/start.js";
import { stop } from "../engine/stop.js";
import { takeLock, takeTurn } from "../engine/turn.js";
import type { JailDefinition } from "../parameters.js";
import type { JailSpec } from "../spec.js";
import { compare, isSame, MachineView } from "./difference.js";
import type { Plan } from "./model.js";
import { makePlan, makeStopPlan, updateActions } from "./plan.js";

/** The machine is not as it was when the plan was made. */
export class PlanStaleError extends Error {
  override readonly name = "PlanStaleError";
  readonly code = "ESTALE";
  /** The jails for which something else would be done now. */
  readonly jails: readonly string[];

  constructor(jails: readonly string[]) {
    super(`the machine has moved since the plan was made (${jails.join(", ")}); make it again`);
    this.jails = jails;
  }
}

/** Does what a plan says. @throws PlanStaleError where the machine has moved since; then nothing was done */
export async function applyPlan(session: Session, plan: Plan): Promise<void> {
  const { definitions, options } = plan;
  const make = plan.direction === "up" ? makePlan : makeStopPlan;
  const now = await make(session, definitions, options);
  if (now.fingerprint !== plan.fingerprint) {
    const names = new Set([...plan.jails, ...now.jails].map(({ jail }) => jail));
    const of = (one: Plan, name: string) => digest(one.jails.find(({ jail }) => jail === name));
    throw new PlanStaleError([...names].filter((name) => of(plan, name) !== of(now, name)));
  }
  session.problems.length = 0;
  const named = (change: string) => plan.jails.filter((jail) => jail.change === change).map(({ jail }) => jail);
  const goes = [...named("remove"), ...named("restart")];
  if (goes.length > 0) await stop(session, definitions, { ...options, only: goes });
  if (plan.direction === "down") return;
  for (const name of named("update")) {
    const definition = definitions.find((candidate) => candidate.name === name);
    if (definition !== undefined) await updateOne(session, definition);
  }
  const failed = new Set(session.events.filter(({ state }) => state === "failed").map(({ jail }) => jail));
  const stopped = session.events.filter(({ state }) => state === "down").map(({ jail }) => jail);
  const removed = new Set(named("remove"));
  const comes = [...new Set([...named("create"), ...stopped])].filter(
    (name) => !failed.has(name) && !removed.has(name),
  );
  if (comes.length > 0) await start(session, definitions, { ...options, only: comes });
}

/**
 * Brings a running jail to its definition without a restart: parameters, aliases, mounts. Where the kernel demands a
 * restart, nothing is changed and the state is `restart`.
 */
export async function updateOne(session: Session, definition: JailDefinition): Promise<void> {
  await takeTurn(
    session,
    definition.name,
    () => takeLock(session.engine, definition.name, "update"),
    async () => {
      await updateLocked(session, definition);
      return true;
    },
  );
}

async function updateLocked(session: Session, definition: JailDefinition): Promise<void> {
  const { engine } = session;
  const { name } = definition;
  const spec = (await session.read([definition])).get(name) as JailSpec;
  if (session.problemsOf(name).length > 0) return session.refuse(name);
  const found = await engine.jails.find(name);
  if (found === undefined) {
    return session.tell(name, { state: "failed", error: { code: "ENOENT", message: `"${name}" not found` } });
  }
  const ledger = await engine.books.open(name);
  const difference = await compare(engine, new MachineView(engine), spec, ledger, found);
  if (difference.fixed.length > 0) {
    const parameters = difference.fixed.map(({ parameter }) => parameter).join(", ");
    return session.tell(name, { state: "restart", jid: found.jid, reason: `a restart is needed for ${parameters}` });
  }
  const recorded = ledger.state.definition?.digest;
  const parameters = plainParameters(definition);
  if (isSame(difference) && (!ledger.exists || recorded === digest(parameters))) {
    return session.tell(name, { state: "unchanged", jid: found.jid });
  }
  const before = ledger.exists;
  await ledger.begin("update");
  const runner = new JailRunner(engine, spec, ledger);
  runner.context.jid = found.jid;
  runner.context.alive = true;
  const made = [];
  for (const action of updateActions(spec, difference)) {
    const event = await runner.act(action);
    if (event.outcome !== "failed") {
      if (action.direction === "up" && action.thing !== undefined) made.push(action.thing);
      continue;
    }
    if (action.direction === "up") {
      // What this update added goes again; what was there before stays.
      runner.context.signal = undefined;
      const added = made.filter((thing) => difference.adds.includes(thing));
      for (const thing of added.reverse()) await runner.takeBack(thing);
    }
    await runner.finish("update", { state: "failed", ...(event.error === undefined ? {} : { error: event.error }) });
    return;
  }
  if (before) await ledger.define(parameters, digest(parameters));
  await runner.finish("update", { state: "updated", reason: updated(difference) });
}

function updated(difference: Awaited<ReturnType<typeof compare>>): string {
  const { live, adds, drops, missing } = difference;
  const parts = [
    live.length > 0 ? live.map(({ parameter }) => parameter).join(", ") : "",
    adds.length > 0 ? `${adds.length} added` : "",
    missing.length > 0 ? `${missing.length} put back` : "",
    drops.length > 0 ? `${drops.length} taken away` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "commands and times" : parts.join("; ");
}

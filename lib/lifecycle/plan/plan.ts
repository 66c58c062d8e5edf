import type { Engine } from "../engine/context.js";
import { digest, plainParameters } from "../engine/digest.js";
import { Inspector } from "../engine/inspect.js";
import { situation } from "../engine/leftovers.js";
import { Limiter } from "../engine/limiter.js";
import { recordedDefinition, selectStops } from "../engine/selection.js";
import type { Session } from "../engine/session.js";
import { graphProblem, parentProblem } from "../engine/start.js";
import { buildGraph, inOrder, type Need, reverseNeeds } from "../graph.js";
import { type Ledger, LedgerVersionError } from "../ledger/ledger.js";
import { type Thing, thingName } from "../ledger/thing.js";
import type { JailDefinition } from "../parameters.js";
import type { RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import { type Action, withJid } from "../steps/kind.js";
import { DOWN, stepRow, UP } from "../steps/table.js";
import type { Problem } from "../values.js";
import { compare, isSame, type JailDifference, MachineView } from "./difference.js";
import type { Drift, JailPlan, Plan, PlannedAction, PlanOptions } from "./model.js";

function planned(actions: readonly Action[], jid: number | undefined): PlannedAction[] {
  return actions.map(({ step, direction, where, argv, text }) => ({
    step,
    direction: direction === "up" ? "up" : "down",
    where,
    argv: jid === undefined ? argv : withJid(argv, jid),
    text,
  }));
}

function startActions(spec: JailSpec): PlannedAction[] {
  return planned(
    UP.flatMap((row) => row.kind.up(spec, row)),
    undefined,
  );
}

function stopActions(spec: JailSpec, ledger: Ledger, jid: number | undefined): PlannedAction[] {
  const things = (step: string) =>
    ledger.state.entries
      .map((entry) => entry.thing)
      .filter((thing) => thing.step === step)
      .reverse();
  return planned(
    DOWN.flatMap((row) => row.kind.down(spec, row, things(row.name))),
    jid,
  );
}

/** Actions that bring a running jail to its definition without a restart. */
export function updateActions(spec: JailSpec, difference: JailDifference): Action[] {
  const make = (thing: Thing): Action[] => {
    const row = stepRow(thing.step);
    return row.kind.up(spec, row).filter((action) => action.thing && thingName(action.thing) === thingName(thing));
  };
  const take = (thing: Thing): Action[] => {
    const row = stepRow(thing.step);
    return row.kind.down(spec, row, [thing]).map((action) => ({ ...action, thing, jailStays: true }));
  };
  const actions = [...difference.missing, ...difference.adds].flatMap(make);
  if (difference.live.length > 0) {
    const parameters = Object.fromEntries(difference.live.map(({ parameter, wanted }) => [parameter, wanted]));
    const text = `jail_set(2) ${Object.keys(parameters).join(" ")}`;
    actions.push({ step: "update", direction: "up", where: "kernel", argv: [], text, parameters });
  }
  return [...actions, ...[...difference.drops].reverse().flatMap(take)];
}

function driftOf(difference: JailDifference): Drift[] {
  const thing = (wanted: boolean, running: boolean) => (one: Thing) => ({
    what: thingName(one),
    wanted,
    running,
    needsRestart: false,
  });
  return [
    ...[...difference.fixed, ...difference.live].map(({ parameter, wanted, running, fixed }) => ({
      what: parameter,
      wanted,
      running,
      needsRestart: fixed,
    })),
    ...difference.adds.map(thing(true, false)),
    ...difference.missing.map(thing(true, false)),
    ...difference.drops.map(thing(false, true)),
  ];
}

/** How many jails are looked at at once. */
const AT_ONCE = 8;

/** A jail's plan, and what is wrong with it. */
interface Planned {
  readonly plan: JailPlan;
  readonly problems: readonly Problem[];
}

/** Looks, and says what would be done to bring jails to their definitions. Changes nothing. */
export async function makePlan(
  session: Session,
  definitions: readonly JailDefinition[],
  options: PlanOptions,
): Promise<Plan> {
  const { engine } = session;
  const specs = await session.read(definitions);
  const all = await engine.jails.list({ signal: engine.signal });
  const running = new Map(all.filter((jail) => !jail.dying).map((jail) => [jail.name, jail]));
  const wanted = options.only ?? [...specs.keys()];
  const graph = buildGraph([...specs.values()], wanted, (name) => running.has(name));
  for (const problem of graph.problems) session.problem(graphProblem(problem));
  const view = new MachineView(engine);
  const inspector = new Inspector(engine);
  const limiter = new Limiter(AT_ONCE);
  const plans = new Map<string, JailPlan>();
  const names = [...graph.needs.keys()];
  const planned = await Promise.all(
    names.map((name) =>
      limiter.run(() => planOne(engine, view, inspector, specs.get(name) as JailSpec, running.get(name), definitions)),
    ),
  );
  for (const { plan, problems } of planned) {
    plans.set(plan.jail, plan);
    const above = plan.change === "create" ? parentProblem(plan.jail, specs, (name) => running.has(name)) : undefined;
    for (const problem of [...(above === undefined ? [] : [above]), ...problems]) session.problem(problem);
  }
  await restartDependents(engine, plans, graph.needs, specs, running);
  const jails = [
    ...(options.prune ? await removals(session, specs, running) : []),
    ...inOrder(names, graph.needs).map((name) => plans.get(name) as JailPlan),
  ];
  for (const name of wanted) {
    if (specs.has(name)) continue;
    session.problem({ jail: name, parameter: "name", message: `jail "${name}" is not defined`, code: "ENOENT" });
  }
  return { direction: "up", jails, problems: session.problems, fingerprint: digest(jails), definitions, options };
}

/** A jail that is stopped takes those with it that need it. */
async function restartDependents(
  engine: Engine,
  plans: Map<string, JailPlan>,
  needs: ReadonlyMap<string, readonly Need[]>,
  specs: ReadonlyMap<string, JailSpec>,
  running: ReadonlyMap<string, RunningJail>,
): Promise<void> {
  const reversed = reverseNeeds(needs);
  const queue = [...plans.values()].filter(({ change }) => change === "restart").map(({ jail }) => jail);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const { name: dependent } of reversed.get(name) ?? []) {
      const plan = plans.get(dependent);
      const jid = running.get(dependent)?.jid;
      if (plan === undefined || jid === undefined || plan.change === "restart") continue;
      const spec = specs.get(dependent) as JailSpec;
      const actions = [...stopActions(spec, await engine.books.open(dependent), jid), ...startActions(spec)];
      plans.set(dependent, { ...plan, change: "restart", because: [`it needs "${name}"`], actions });
      queue.push(dependent);
    }
  }
}

async function planOne(
  engine: Engine,
  view: MachineView,
  inspector: Inspector,
  spec: JailSpec,
  found: RunningJail | undefined,
  definitions: readonly JailDefinition[],
): Promise<Planned> {
  const jail = spec.name;
  let ledger: Ledger;
  try {
    ledger = await engine.books.open(jail);
  } catch (error) {
    if (!(error instanceof LedgerVersionError)) throw error;
    const problem = { jail, parameter: "ledger", message: error.message, code: error.code };
    return { plan: { jail, change: "none", because: [], drift: [], actions: [] }, problems: [problem] };
  }
  const { boot } = await engine.machine.self();
  const now = situation(ledger, found, boot, await engine.books.lastRun(jail));
  if (found === undefined || now === "half up" || now === "half down") {
    const because = found === undefined ? ["it is not up"] : [`it is ${now}`];
    const change = found === undefined ? "create" : "restart";
    return {
      plan: { jail, change, because, drift: [], actions: startActions(spec) },
      problems: await inspector.inspect(spec),
    };
  }
  return { plan: await planRunning(engine, view, spec, found, ledger, definitions), problems: [] };
}

async function planRunning(
  engine: Engine,
  view: MachineView,
  spec: JailSpec,
  found: RunningJail,
  ledger: Ledger,
  definitions: readonly JailDefinition[],
): Promise<JailPlan> {
  const jail = spec.name;
  const jid = found.jid;
  const difference = await compare(engine, view, spec, ledger, found);
  const drift = driftOf(difference);
  if (difference.fixed.length > 0) {
    const because = difference.fixed.map(({ parameter }) => parameter);
    const actions = [...stopActions(spec, ledger, jid), ...startActions(spec)];
    return { jail, jid, change: "restart", because, drift, actions };
  }
  if (!isSame(difference)) {
    const actions = planned(updateActions(spec, difference), jid);
    return { jail, jid, change: "update", because: drift.map(({ what }) => what), drift, actions };
  }
  const definition = definitions.find(({ name }) => name === jail);
  const recorded = ledger.state.definition?.digest;
  if (recorded !== undefined && definition !== undefined && recorded !== digest(plainParameters(definition))) {
    // Hooks and times matter the next time: they are written down, and the jail is left alone.
    return { jail, jid, change: "update", because: ["commands and times"], drift, actions: [] };
  }
  return { jail, jid, change: "none", because: [], drift, actions: [] };
}

async function removals(
  session: Session,
  specs: ReadonlyMap<string, JailSpec>,
  running: ReadonlyMap<string, RunningJail>,
): Promise<JailPlan[]> {
  const { books } = session.engine;
  const plans = new Map<string, JailPlan>();
  const nodes: JailSpec[] = [];
  const names = (await books.jails()).filter((name) => !specs.has(name));
  for (const name of names) {
    const recorded = await recordedDefinition(session, name);
    if (recorded === undefined) continue;
    const spec = (await session.readQuietly([recorded])).specs.get(name) as JailSpec;
    const jid = running.get(name)?.jid;
    nodes.push(spec);
    plans.set(name, {
      jail: name,
      ...(jid === undefined ? {} : { jid }),
      change: "remove",
      because: ["it is not defined any more"],
      drift: [],
      actions: stopActions(spec, await books.open(name), jid),
    });
  }
  const needs = buildGraph(nodes, [...plans.keys()]).needs;
  return inOrder([...plans.keys()], reverseNeeds(needs)).map((name) => plans.get(name) as JailPlan);
}

/** What a stop would do. */
export async function makeStopPlan(
  session: Session,
  definitions: readonly JailDefinition[],
  options: PlanOptions,
): Promise<Plan> {
  const { engine } = session;
  const { specs, needs } = await selectStops(session, definitions, options.only);
  const running = new Map((await engine.jails.list()).filter((jail) => !jail.dying).map((jail) => [jail.name, jail]));
  const jails: JailPlan[] = [];
  for (const name of inOrder([...needs.keys()], needs)) {
    const spec = specs.get(name) as JailSpec;
    const ledger = await engine.books.open(name);
    const jid = running.get(name)?.jid;
    const there = jid !== undefined || ledger.state.entries.length > 0;
    jails.push({
      jail: name,
      ...(jid === undefined ? {} : { jid }),
      change: there ? "remove" : "none",
      because: there ? [] : ["it is not up"],
      drift: [],
      actions: there ? stopActions(spec, ledger, jid) : [],
    });
  }
  return { direction: "down", jails, problems: session.problems, fingerprint: digest(jails), definitions, options };
}

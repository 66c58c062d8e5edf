import { digest, plainParameters } from "../engine/digest.js";
import { Inspector } from "../engine/inspect.js";
import { situation } from "../engine/leftovers.js";
import type { Session } from "../engine/session.js";
import { buildGraph, reverseNeeds } from "../graph.js";
import type { Ledger } from "../ledger/ledger.js";
import { type Thing, thingName } from "../ledger/thing.js";
import type { RunningOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import { type Action, withJid } from "../steps/kind.js";
import { DOWN, stepRow, UP } from "../steps/table.js";
import type { Problem } from "../values.js";
import { compare, isSame, type JailDifference, MachineView } from "./difference.js";

/** Something that a plan would do. */
export interface PlannedAction {
  readonly step: string;
  readonly direction: "up" | "down";
  readonly where: "host" | "jail" | "kernel";
  /** The exact program and its arguments; `JID` stands for the jid of a jail that is not made yet. */
  readonly argv: readonly string[];
  readonly text: string;
}

/** A point where a running jail is not as its definition says. */
export interface Drift {
  /** The parameter, or the thing that is missing or too much. */
  readonly what: string;
  readonly wanted: unknown;
  readonly running: unknown;
  /** The kernel takes it only when the jail is made. */
  readonly needsRestart: boolean;
}

/** What is to become of one jail. */
export interface JailPlan {
  readonly jail: string;
  readonly jid?: number;
  readonly change: "create" | "update" | "restart" | "remove" | "none";
  /** The parameters, or the reason, that the change is for. */
  readonly because: readonly string[];
  readonly drift: readonly Drift[];
  readonly actions: readonly PlannedAction[];
}

/** What a run would do, and for which state of the machine that is true. */
export interface Plan {
  /** In the order of doing. */
  readonly jails: readonly JailPlan[];
  readonly problems: readonly Problem[];
  /** Another one as soon as the machine has moved in a way that changes the plan. */
  readonly fingerprint: string;
  /** @internal What it was made for. */
  readonly definitions: readonly JailDefinition[];
  /** @internal */
  readonly options: PlanOptions;
}

/** Options of a plan. */
export interface PlanOptions extends RunningOptions {
  /** `true`: jails that we started and that are not defined any more are removed. Default `false`. */
  readonly prune?: boolean;
}

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

/** Looks, and says what would be done to bring jails to their definitions. Changes nothing. */
export async function makePlan(
  session: Session,
  definitions: readonly JailDefinition[],
  options: PlanOptions,
): Promise<Plan> {
  const { engine } = session;
  const specs = await session.read(definitions);
  const running = new Map((await engine.jails.list()).filter((jail) => !jail.dying).map((jail) => [jail.name, jail]));
  const wanted = options.only ?? [...specs.keys()];
  const graph = buildGraph([...specs.values()], wanted, (name) => running.has(name));
  const view = new MachineView(engine);
  const inspector = new Inspector(engine);
  const plans = new Map<string, JailPlan>();
  for (const name of graph.needs.keys()) {
    const spec = specs.get(name) as JailSpec;
    plans.set(name, await planOne(session, view, inspector, spec, running.get(name), definitions));
  }
  const jails = [
    ...(options.prune ? await removals(session, specs, running) : []),
    ...inOrder([...plans.keys()], graph.needs).map((name) => plans.get(name) as JailPlan),
  ];
  for (const name of wanted) {
    if (specs.has(name)) continue;
    session.problem({ jail: name, parameter: "name", message: `jail "${name}" is not defined`, code: "ENOENT" });
  }
  return { jails, problems: session.problems, fingerprint: digest(jails), definitions, options };
}

async function planOne(
  session: Session,
  view: MachineView,
  inspector: Inspector,
  spec: JailSpec,
  found: RunningJail | undefined,
  definitions: readonly JailDefinition[],
): Promise<JailPlan> {
  const { engine } = session;
  const jail = spec.name;
  const ledger = await engine.books.open(jail);
  const { boot } = await engine.machine.self();
  const now = situation(ledger, found, boot, await engine.books.lastRun(jail));
  if (found === undefined || now === "half up" || now === "half down") {
    for (const problem of await inspector.inspect(spec)) session.problem(problem);
    const because = found === undefined ? ["it is not up"] : [`it is ${now}`];
    return {
      jail,
      change: found === undefined ? "create" : "restart",
      because,
      drift: [],
      actions: startActions(spec),
    };
  }
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
  const plans: JailPlan[] = [];
  const names = (await session.engine.books.jails()).filter((name) => !specs.has(name));
  for (const name of names) {
    const ledger = await session.engine.books.open(name);
    const parameters = ledger.state.definition?.parameters ?? {};
    const spec = (await session.read([{ name, parameters }])).get(name) as JailSpec;
    const jid = running.get(name)?.jid;
    plans.push({
      jail: name,
      ...(jid === undefined ? {} : { jid }),
      change: "remove",
      because: ["it is not defined any more"],
      drift: [],
      actions: stopActions(spec, ledger, jid),
    });
  }
  return plans;
}

/** Names so that each comes after what it needs. */
function inOrder(names: readonly string[], needs: ReadonlyMap<string, readonly { readonly name: string }[]>): string[] {
  const placed = new Set<string>();
  const left = [...names];
  while (left.length > 0) {
    const at = left.findIndex((name) => (needs.get(name) ?? []).every((need) => placed.has(need.name)));
    // A loop is a problem of its own; its jails still have a place.
    const [name] = left.splice(Math.max(at, 0), 1);
    placed.add(name as string);
  }
  return [...placed];
}

/** What a stop would do. */
export async function makeStopPlan(
  session: Session,
  definitions: readonly JailDefinition[],
  options: PlanOptions,
): Promise<Plan> {
  const { engine } = session;
  const specs = await session.read(definitions);
  const running = new Map((await engine.jails.list()).filter((jail) => !jail.dying).map((jail) => [jail.name, jail]));
  const wanted = options.only ?? [...specs.keys()];
  const reversed = reverseNeeds(buildGraph([...specs.values()], wanted).needs);
  const jails: JailPlan[] = [];
  for (const name of inOrder([...reversed.keys()], reversed)) {
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
  return { jails, problems: [], fingerprint: digest(jails), definitions, options };
}

import { ancestors, buildGraph, type GraphProblem, graphProblemText } from "../graph.js";
import type { UpOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import type { Problem } from "../values.js";
import { digest, plainParameters } from "./digest.js";
import { inspectAll } from "./inspect.js";
import { settleLeftovers } from "./leftovers.js";
import { JailRunner } from "./runner.js";
import { runSchedule } from "./schedule.js";
import type { Session } from "./session.js";
import { takeLock, takeTurn } from "./turn.js";

/** Starts jails and what they need, each after its needs. */
export async function start(
  session: Session,
  definitions: readonly JailDefinition[],
  options: UpOptions,
): Promise<void> {
  const { engine } = session;
  const specs = await session.read(definitions);
  const running = new Map((await engine.jails.list({ signal: engine.signal })).map((jail) => [jail.name, jail]));
  const wanted = options.only ?? definitions.map((definition) => definition.name);
  for (const name of wanted) {
    if (specs.has(name)) continue;
    session.problem({ jail: name, parameter: "name", message: `jail "${name}" is not defined`, code: "ENOENT" });
    session.refuse(name);
  }
  const graph = buildGraph([...specs.values()], wanted, (name) => isUp(running.get(name)));
  for (const problem of graph.problems) session.problem(graphProblem(problem));
  const up = (name: string) => isUp(running.get(name));
  const fresh = [...graph.needs.keys()].filter((name) => !up(name)).map((name) => specs.get(name) as JailSpec);
  for (const spec of fresh) {
    const problem = parentProblem(spec.name, specs, up);
    if (problem !== undefined) session.problem(problem);
  }
  for (const problem of await inspectAll(engine, fresh)) session.problem(problem);
  const settled = new Map<string, boolean>();
  for (const name of graph.needs.keys()) {
    if (session.problemsOf(name).length === 0) continue;
    settled.set(name, false);
    session.refuse(name);
  }
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  await runSchedule({
    needs: graph.needs,
    atOnce: session.atOnce,
    newestFirst: false,
    settled,
    run: (name, milestone) => {
      const definition = byName.get(name) as JailDefinition;
      const refuseRunning = options.running === "fail" && (options.only?.includes(name) ?? true);
      return takeTurn(
        session,
        name,
        () => takeLock(engine, name, "up"),
        () => startLocked(session, definition, specs.get(name) as JailSpec, milestone, refuseRunning),
      );
    },
    skip: (name, need) => session.tell(name, { state: "skipped", reason: `it needs "${need}", which is not up` }),
  });
}

/** A need that cannot be met, as a problem of the jail that has it. */
export function graphProblem(problem: GraphProblem): Problem {
  const { jail, kind } = problem;
  const code = kind === "cycle" ? "ELOOP" : "ENOENT";
  return { jail, parameter: "depend", message: graphProblemText(problem), code };
}

/** What is wrong with the jail above one, which the kernel says with no more than an errno. */
export function parentProblem(
  jail: string,
  specs: ReadonlyMap<string, JailSpec>,
  up: (name: string) => boolean,
): Problem | undefined {
  const [parent] = ancestors(jail);
  if (parent === undefined || up(parent)) return undefined;
  const spec = specs.get(parent);
  if (spec === undefined) {
    const message = `name: "${jail}" is a jail in "${parent}", which is neither defined nor up`;
    return { jail, parameter: "name", message, code: "ENOENT" };
  }
  const most = [spec.parameters["children.max"] ?? 0].flat().at(-1);
  if (Number(most) !== 0) return undefined;
  const message = `name: "${jail}" is a jail in "${parent}", whose children.max is 0: set it to the number of its jails`;
  return { jail, parameter: "name", message, code: "EPERM" };
}

function isUp(jail: RunningJail | undefined): boolean {
  return jail !== undefined && !jail.dying;
}

async function startLocked(
  session: Session,
  definition: JailDefinition,
  spec: JailSpec,
  milestone: () => void,
  refuseRunning: boolean,
): Promise<boolean> {
  const { engine } = session;
  const { signal, books } = engine;
  const { name } = spec;
  const ledger = await books.open(name, { signal });
  const found = await engine.jails.find(name, { signal });
  const before = await settleLeftovers(engine, spec, ledger, found);
  if (before === "up") {
    if (refuseRunning) {
      const error = { code: "EEXIST", message: `"${name}" already exists` };
      session.tell(name, { state: "failed", error });
      return false;
    }
    const same = ledger.state.definition?.digest === digest(plainParameters(definition));
    const reason = !ledger.exists
      ? "it is up, started by others"
      : same
        ? "it is up"
        : "it is up, with another definition: update or restart it";
    session.tell(name, { state: "unchanged", reason, ...(found === undefined ? {} : { jid: found.jid }) });
    milestone();
    return true;
  }
  if (before === "stuck") {
    const error = { code: "EBUSY", message: "what an earlier run left could not be taken away" };
    session.tell(name, { state: "failed", error });
    return false;
  }
  const stopped = await stoppedMeanwhile(session, spec);
  if (stopped !== undefined) {
    session.tell(name, { state: "skipped", reason: `it needs "${stopped}", which was stopped meanwhile` });
    return false;
  }
  try {
    await ledger.begin("up", { signal });
    const parameters = plainParameters(definition);
    await ledger.define(parameters, digest(parameters));
  } catch (error) {
    // Nothing was made yet: no ledger is needed.
    await ledger.end("failed").catch(() => undefined);
    throw error;
  }
  const runner = new JailRunner(engine, spec, ledger);
  runner.onMilestone = milestone;
  const ending = await runner.up();
  await runner.finish("up", ending);
  return ending.state === "up" || ending.state === "down";
}

/** A need that was up when this run came to it, and that another one has stopped since. */
async function stoppedMeanwhile({ engine, events }: Session, { depend }: JailSpec): Promise<string | undefined> {
  const { signal, books, jails } = engine;
  for (const need of depend) {
    if (!events.some(({ jail, state }) => jail === need && (state === "up" || state === "unchanged"))) continue;
    if (isUp(await jails.find(need, { signal }))) continue;
    // One that does not persist may have ended by itself, which is no reason.
    if ((await books.lastRun(need, { signal }))?.purpose === "down") return need;
  }
  return undefined;
}

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadAll } from "../../conf/all.js";
import { parseConf } from "../../conf/load.js";
import type { ConfProblem } from "../../conf/model.js";
import { definitionsOf, type ReadDefinitions, readDefinitions } from "../../lifecycle/definitions.js";
import type { Lifecycle } from "../../lifecycle/lifecycle.js";
import { openLifecycle } from "../../lifecycle/open.js";
import type { JailDefinition } from "../../lifecycle/parameters.js";
import { CliFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { printable } from "../output.js";
import { simulatedCommands } from "../state.js";
import type { VerbContext } from "../verbs/run.js";
import { suggestion } from "../words.js";

/** What a command on the lifecycle works with. */
export interface LifecycleContext extends VerbContext {
  readonly lifecycle: Lifecycle;
  readonly definitions: readonly JailDefinition[];
  /** What is wrong with the configuration. */
  readonly problems: readonly ConfProblem[];
  /** Where the definitions come from, for messages. */
  readonly source: string;
}

/** Options of every command that reads definitions. */
export const FILE_OPTION = { file: { type: "string", short: "f", multiple: true } } as const;

/** The folder that stands for a simulated machine's root directory. */
function simulatedRoot({ io, host }: VerbContext): string | undefined {
  const { BSDJAIL_ROOT } = io.env;
  return host.simulation !== undefined && BSDJAIL_ROOT ? resolve(io.cwd, BSDJAIL_ROOT) : undefined;
}

/** Opens the lifecycle of this machine, or of the simulated one. */
export function openLifecycleOnly(context: VerbContext): Lifecycle {
  const { io, host } = context;
  const root = simulatedRoot(context);
  return openLifecycle(host, {
    env: io.env,
    ...(root === undefined ? {} : { root }),
    ...(host.simulation === undefined ? {} : { programs: simulatedCommands(io) }),
  });
}

/** Opens the lifecycle and reads the configuration: the files given, or what the system has. @throws CliFailure */
export function openJails(context: VerbContext, files: readonly string[]): LifecycleContext {
  const { io } = context;
  const root = simulatedRoot(context);
  const lifecycle = openLifecycleOnly(context);
  const read = files.length > 0 ? readFiles(files, io) : definitionsOf(loadAll(root));
  const source = files.length > 0 ? files.join(", ") : join(root ?? "/", "etc/jail.conf");
  return { ...context, lifecycle, definitions: read.jails, problems: read.problems, source };
}

function readFiles(files: readonly string[], io: CliIo): ReadDefinitions {
  const options = { cwd: io.cwd };
  const all = files.map((file) =>
    file === "-"
      ? definitionsOf(parseConf({ name: "STDIN", text: readFileSync(0) }, options))
      : readDefinitions(resolve(io.cwd, file), options),
  );
  return { jails: all.flatMap(({ jails }) => jails), problems: all.flatMap(({ problems }) => problems) };
}

/** A problem of a configuration, in a line. */
export function confProblem({ place, message }: ConfProblem): string {
  return printable(place === undefined ? message : `${place.file}:${place.line}:${place.column}: ${message}`);
}

/**
 * That the configuration can be used: for all jails, or for those that are named.
 *
 * @throws CliFailure with the first problem
 */
export function checkConfiguration(context: LifecycleContext, operands: readonly string[] = []): void {
  const { definitions, problems, source } = context;
  const [wrong] = problems.filter(({ jail, place }) =>
    jail === undefined
      ? place !== undefined || definitions.length === 0
      : operands.length === 0 || operands.includes(jail),
  );
  if (wrong === undefined) return;
  throw new CliFailure(confProblem(wrong), { hint: `\`bsdjail conf check ${source}\` shows all that is wrong.` });
}

/**
 * The jails that a command is about: those that are named, or all that are defined.
 *
 * @throws CliFailure where the configuration cannot be used for them
 */
export function chosenJails(context: LifecycleContext, operands: readonly string[]): readonly string[] {
  const { definitions, source } = context;
  const names = definitions.map(({ name }) => name);
  checkConfiguration(context, operands);
  for (const name of operands) {
    if (names.includes(name)) continue;
    throw new CliFailure(`jail "${printable(name)}" is not defined in ${source}${suggestion(name, names)}`, {
      code: "ENOENT",
      hint:
        names.length === 0
          ? "-f names another configuration file."
          : `Defined: ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}.`,
    });
  }
  if (operands.length === 0 && names.length === 0) {
    throw new CliFailure(`${source} defines no jail`, { hint: "-f names another configuration file." });
  }
  return operands.length === 0 ? names : operands;
}

/**
 * The jails that a plan is about: as {@link chosenJails}, or undefined for all, and those that are defined no more, where
 * `prune` asks for that. What cannot be read defines nothing, which is not the same as wanting nothing.
 *
 * @throws CliFailure where the configuration cannot be used for them
 */
export function plannedJails(
  context: LifecycleContext,
  operands: readonly string[],
  prune: boolean,
): readonly string[] | undefined {
  if (operands.length > 0 || !prune) return chosenJails(context, operands);
  checkConfiguration(context);
  const [problem] = context.problems;
  if (problem !== undefined)
    throw new CliFailure(confProblem(problem), { hint: "Nothing is removed before it is read." });
  return undefined;
}

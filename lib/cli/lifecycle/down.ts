import type { DownOptions } from "../../lifecycle/options.js";
import { CliFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { printable } from "../output.js";
import { runVerb } from "../verbs/run.js";
import { suggestion } from "../words.js";
import { checkConfiguration, FILE_OPTION, type LifecycleContext, openJails } from "./open.js";
import { showPlan } from "./plan.js";
import { RUN_OPTIONS, runningOptions, showRun } from "./run.js";

const OPTIONS = {
  ...FILE_OPTION,
  ...RUN_OPTIONS,
  "dry-run": { type: "boolean", short: "n" },
  all: { type: "boolean", short: "a" },
  force: { type: "boolean" },
} as const;

/**
 * The jails that are meant: by name any that is defined, recorded or there; without a name all that are defined, with
 * `all` also those that we started and that are defined nowhere any more.
 *
 * @throws CliFailure for a name that nothing has
 */
export async function stoppable(
  context: LifecycleContext,
  operands: readonly string[],
  all: boolean,
): Promise<readonly string[]> {
  const { lifecycle, definitions, source } = context;
  const rows = await lifecycle.status(definitions);
  const names = rows.map(({ name }) => name);
  for (const name of operands) {
    if (names.includes(name)) continue;
    throw new CliFailure(
      `jail "${printable(name)}" is neither defined, nor recorded, nor there${suggestion(name, names)}`,
      {
        code: "ENOENT",
        hint: "`bsdjail status` shows all of them.",
      },
    );
  }
  if (operands.length > 0) return operands;
  const meant = rows.filter(
    ({ defined, situation }) => defined || (all && situation !== "foreign" && situation !== "nothing"),
  );
  if (meant.length === 0 && !all) {
    checkConfiguration(context);
    throw new CliFailure(`${source} defines no jail`, { hint: "Name jails, or a configuration file by -f." });
  }
  return meant.map(({ name }) => name);
}

/** `bsdjail down [JAIL ...]`: stops jails and those that need them. */
export function downCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("down", argv, io, OPTIONS, async (verb, { operands, options }) => {
    const context = openJails(verb, options.file);
    const only = await stoppable(context, operands, options.all);
    const running: DownOptions = { ...runningOptions(options), only, force: options.force };
    if (options["dry-run"]) return showPlan(context, await context.lifecycle.planDown(context.definitions, running));
    const { json } = verb;
    return showRun(io, { json, names: only, verbose: options.verbose, timings: options.timings }, (signal) =>
      context.lifecycle.down(context.definitions, { ...running, signal }),
    );
  });
}

import type { UpOptions } from "../../lifecycle/options.js";
import type { CliIo } from "../io.js";
import { runVerb } from "../verbs/run.js";
import { chosenJails, FILE_OPTION, openJails } from "./open.js";
import { showPlan } from "./plan.js";
import { RUN_OPTIONS, runningOptions, showRun } from "./run.js";

const OPTIONS = { ...FILE_OPTION, ...RUN_OPTIONS, "dry-run": { type: "boolean", short: "n" } } as const;

/** `bsdjail up [JAIL ...]`: starts jails and what they need. */
export function upCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("up", argv, io, OPTIONS, async (verb, { operands, options }) => {
    const context = openJails(verb, options.file);
    const only = chosenJails(context, operands);
    const running: UpOptions = { ...runningOptions(options), only };
    if (options["dry-run"]) return showPlan(context, await context.lifecycle.plan(context.definitions, running));
    const { json } = verb;
    return showRun(io, { json, names: only, verbose: options.verbose, timings: options.timings }, (signal) =>
      context.lifecycle.up(context.definitions, { ...running, signal }),
    );
  });
}

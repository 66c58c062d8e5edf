import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PlanStaleError } from "../../lifecycle/plan/apply.js";
import type { Plan, PlanOptions } from "../../lifecycle/plan/model.js";
import { CliFailure, usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { runVerb } from "../verbs/run.js";
import { FILE_OPTION, openJails, plannedJails } from "./open.js";
import { showPlan } from "./plan.js";
import { RUN_OPTIONS, runningOptions, showRun } from "./run.js";

const OPTIONS = {
  ...FILE_OPTION,
  ...RUN_OPTIONS,
  "dry-run": { type: "boolean", short: "n" },
  prune: { type: "boolean" },
  plan: { type: "string" },
} as const;

/** `bsdjail apply [JAIL ...]`: brings jails to their definitions; or does what a plan that was kept says. */
export function applyCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("apply", argv, io, OPTIONS, async (verb, { operands, options }) => {
    const context = openJails(verb, options.file);
    const { lifecycle, definitions } = context;
    const running = runningOptions(options);
    let plan: Plan;
    if (options.plan !== undefined) {
      if (operands.length > 0 || options.file.length > 0 || options.prune) {
        throw usageFailure("--plan says which jails: it goes with neither jails, nor --file, nor --prune");
      }
      plan = readPlan(options.plan, io);
    } else {
      const only = plannedJails(context, operands, options.prune);
      const wanted: PlanOptions = { ...(only === undefined ? {} : { only }), prune: options.prune };
      plan = await lifecycle.plan(definitions, wanted);
    }
    if (options["dry-run"]) return showPlan(context, plan);
    const names = plan.jails.map(({ jail }) => jail);
    try {
      const { json } = verb;
      return await showRun(io, { json, names, verbose: options.verbose, timings: options.timings }, (signal) =>
        lifecycle.apply(plan, { ...running, signal }),
      );
    } catch (thrown) {
      if (!(thrown instanceof PlanStaleError)) throw thrown;
      throw new CliFailure(thrown.message, {
        code: thrown.code,
        hint: "Nothing was done. `bsdjail plan` shows what is so now.",
      });
    }
  });
}

/** A plan as `bsdjail plan --json` printed it. @throws CliFailure */
function readPlan(file: string, io: CliIo): Plan {
  const text = readFileSync(file === "-" ? 0 : resolve(io.cwd, file), "utf8");
  try {
    const plan = JSON.parse(text) as Partial<Plan>;
    if (Array.isArray(plan.jails) && Array.isArray(plan.definitions) && typeof plan.fingerprint === "string") {
      return plan as Plan;
    }
  } catch {
    // Said below.
  }
  throw new CliFailure(`${file} is no plan`, { hint: "`bsdjail plan --json` prints one.", code: "EINVAL" });
}

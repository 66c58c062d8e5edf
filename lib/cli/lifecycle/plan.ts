import type { JailPlan, Plan, PlannedAction } from "../../lifecycle/plan/model.js";
import { stepLabel } from "../../lifecycle/quote.js";
import { STATUS_FAILED, STATUS_OK } from "../failure.js";
import type { CliIo } from "../io.js";
import { type Paint, paintFor, printable, writeJson } from "../output.js";
import { runVerb } from "../verbs/run.js";
import { FILE_OPTION, type LifecycleContext, openJails, plannedJails } from "./open.js";
import { action } from "./words.js";

/** Something would be changed. */
const STATUS_CHANGES = 3;

const OPTIONS = {
  ...FILE_OPTION,
  prune: { type: "boolean" },
  check: { type: "boolean" },
} as const;

/** `bsdjail plan [JAIL ...]`: what would be done to bring jails to their definitions, and where they differ. */
export function planCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("plan", argv, io, OPTIONS, async (verb, { operands, options }) => {
    const context = openJails(verb, options.file);
    const only = plannedJails(context, operands, options.prune);
    const plan = await context.lifecycle.plan(context.definitions, {
      ...(only === undefined ? {} : { only }),
      prune: options.prune,
    });
    const status = showPlan(context, plan);
    if (status !== STATUS_OK || !options.check) return status;
    return plan.jails.every(({ change }) => change === "none") ? STATUS_OK : STATUS_CHANGES;
  });
}

/** Prints a plan. Status 1 where something keeps it from being done. */
export function showPlan({ io, json }: Pick<LifecycleContext, "io" | "json">, plan: Plan): number {
  if (json) writeJson(io.stdout, plan);
  else io.stdout.write(planText(plan, paintFor(io, io.stdout)));
  return plan.problems.length === 0 ? STATUS_OK : STATUS_FAILED;
}

const COLOURS = { create: "green", update: "yellow", restart: "yellow", remove: "red", none: "dim" } as const;

function planText(plan: Plan, paint: Paint): string {
  const lines: string[] = [];
  const width = Math.min(Math.max(4, ...plan.jails.map(({ jail }) => printable(jail).length)), 30);
  for (const jail of plan.jails) {
    const problems = plan.problems.filter((problem) => problem.jail === jail.jail);
    lines.push(head(jail, width, paint));
    for (const { message, hint } of problems) {
      lines.push(`  ${paint.red("!")} ${printable(message)}`);
      if (hint !== undefined) lines.push(`    ${printable(hint)}`);
    }
    for (const { what, wanted, running } of jail.drift) {
      const values = [running, wanted].map((value) => printable(value === undefined ? "-" : JSON.stringify(value)));
      if (typeof wanted === "boolean" && what.includes(" ")) continue;
      lines.push(`  ${paint.dim(`${printable(what)}: ${values[0]} -> ${values[1]}`)}`);
    }
    lines.push(...jail.actions.map((each) => actionLine(each, paint)));
  }
  const rest = plan.problems.filter(({ jail }) => !plan.jails.some((each) => each.jail === jail));
  for (const { jail, message } of rest) lines.push(`${printable(jail)}: ${printable(message)}`);
  lines.push(paint.dim(summary(plan)));
  return `${lines.join("\n")}\n`;
}

function head({ jail, change, because }: JailPlan, width: number, paint: Paint): string {
  const why = change === "none" ? "as it is defined" : because.map(printable).join(", ");
  const word = `${paint[COLOURS[change]](change)}${" ".repeat(7 - change.length)}`;
  return `${paint.bold(printable(jail).padEnd(width))}  ${word}  ${why}`.trimEnd();
}

function actionLine(planned: PlannedAction, paint: Paint): string {
  const sign = planned.direction === "up" ? paint.green("+") : paint.red("-");
  return `  ${sign} ${stepLabel(planned.step, planned.direction).padEnd(14)}  ${action(planned as never)}`;
}

function summary({ jails, problems }: Plan): string {
  const words = (["create", "update", "restart", "remove"] as const)
    .map((change) => ({ change, count: jails.filter((jail) => jail.change === change).length }))
    .filter(({ count }) => count > 0)
    .map(({ change, count }) => `${count} to ${change}`);
  const wrong = problems.length === 0 ? [] : [`${problems.length} ${problems.length === 1 ? "problem" : "problems"}`];
  return [...words, ...wrong].join(", ") || "nothing to change";
}

import { type ExecHook, runsInJail } from "../parameters.js";
import type { JailSpec } from "../spec.js";
import { type Action, expectSuccess, type StepContext, StepError, type StepKind } from "./kind.js";
import type { StepRow } from "./table.js";

function actions(spec: JailSpec, row: StepRow, direction: "up" | "down"): Action[] {
  return spec.hooks[row.name as ExecHook].map((command) => ({
    step: row.name,
    direction,
    where: row.where,
    argv: command.argv,
    text: "",
    command,
  }));
}

async function runHook(context: StepContext, action: Action) {
  const { command } = action;
  if (command === undefined) return {};
  const result = await (runsInJail(command.hook)
    ? context.runInJail(command)
    : context.run({ argv: command.argv, hook: command }));
  const { hookTimeoutMs } = context;
  const byDeadline = result.timedOut && (hookTimeoutMs === undefined || result.durationMs < hookTimeoutMs);
  if (byDeadline) {
    throw new StepError("ETIMEDOUT", `${result.argv.join(" ")}: ended because the time for all jails is over`, {
      result,
    });
  }
  expectSuccess(result, hookTimeoutMs);
  return { result };
}

/** The exec parameters. What a command did is its own to undo: there is nothing to take back. */
export const hookKind: StepKind = {
  up: (spec, row) => actions(spec, row, "up"),
  down: (spec, row) => actions(spec, row, "down"),
  make: runHook,
  take: runHook,
};

import { MachineError } from "../../machine/machine.js";
import type { DatasetThing } from "../ledger/thing.js";
import {
  type Action,
  type ActionResult,
  expectSuccess,
  JID,
  type StepContext,
  StepError,
  type StepKind,
  withJid,
} from "./kind.js";
import type { StepRow } from "./table.js";

function action(row: StepRow, direction: "up" | "down", name: string): Action {
  return {
    step: row.name,
    direction,
    where: "host",
    argv: ["/sbin/zfs", direction === "up" ? "jail" : "unjail", JID, name],
    text: "",
    thing: { kind: "dataset", step: row.name, name },
  };
}

/** Whether a dataset may be given to a jail; throws where it may not. */
export async function checkDataset(context: Pick<StepContext, "run">, name: string): Promise<void> {
  const result = await context.run({ argv: ["/sbin/zfs", "get", "-H", "-o", "value", "jailed", name] });
  expectSuccess(result);
  if (result.stdout.trim() === "on") return;
  throw new StepError("EINVAL", `zfs.dataset: "${name}" has the property jailed=${result.stdout.trim()}`, {
    result,
    hint: `set it: zfs set jailed=on ${name}`,
  });
}

async function make(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as DatasetThing;
  await checkDataset(context, thing.name);
  const entry = context.ledger.find(thing) ?? (await context.ledger.intend(thing));
  const result = await context.run({ argv: withJid(act.argv, context.jid) });
  expectSuccess(result);
  await context.ledger.made(entry);
  return { result };
}

async function take(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as DatasetThing;
  const entry = context.ledger.find(thing);
  let done: ActionResult = {};
  if (context.alive && context.jid !== undefined) {
    await unmountInside(context, thing.name);
    const result = await context.run({ argv: ["/sbin/zfs", "unjail", String(context.jid), thing.name] });
    if (result.status === 0) done = { result };
    else {
      // It may have been detached before by a run that was cut off; zfs(8) has no way to ask. Where the jail goes, the
      // kernel detaches what it still has.
      if (act.jailStays) expectSuccess(result);
      done = { result, note: `${thing.name} could not be detached: ${result.stderr.trim()}` };
    }
  }
  if (entry !== undefined) await context.ledger.gone(entry);
  return done;
}

/** What the jail mounted of a dataset would keep it busy. */
async function unmountInside(context: StepContext, name: string): Promise<void> {
  const root = context.spec.path;
  if (root === undefined || root === "/") return;
  const inside = (await context.mounts()).filter(
    ({ source, target }) =>
      (source === name || source.startsWith(`${name}/`)) && (target === root || target.startsWith(`${root}/`)),
  );
  for (const entry of inside.reverse()) {
    try {
      await context.machine.unmount(entry);
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      throw new StepError(error.code, `zfs.dataset: ${entry.source} is still used on ${entry.target}`, {
        cause: error,
      });
    }
  }
}

/** `zfs.dataset`: attached after the jail is made; unmounted and detached before it is removed. */
export const datasetKind: StepKind = {
  up: (spec, row) => spec.datasets.map((name) => action(row, "up", name)),
  down: (_spec, row, things) => things.map((thing) => action(row, "down", (thing as DatasetThing).name)),
  make,
  take,
};

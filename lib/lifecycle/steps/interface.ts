import type { InterfaceThing } from "../ledger/thing.js";
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

const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;
/** How long an interface may take to come back to the host. */
const RETURN_MS = 5000;

function action(row: StepRow, direction: "up" | "down", name: string): Action {
  const verb = direction === "up" ? "vnet" : "-vnet";
  return {
    step: row.name,
    direction,
    where: "host",
    argv: ["/sbin/ifconfig", name, verb, JID],
    text: "",
    thing: { kind: "interface", step: row.name, name },
  };
}

/** Names of the interfaces in the host's own network stack. */
async function interfaceNames(context: Pick<StepContext, "run">): Promise<readonly string[]> {
  const result = await context.run({ argv: ["/sbin/ifconfig", "-l"] });
  expectSuccess(result);
  return result.stdout.trim().split(/\s+/);
}

async function make(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as InterfaceThing;
  const entry = context.ledger.find(thing) ?? (await context.ledger.intend(thing));
  const result = await context.run({ argv: withJid(act.argv, context.jid) });
  expectSuccess(result);
  await context.ledger.made(entry);
  return { result };
}

async function take(context: StepContext, act: Action): Promise<ActionResult> {
  const { name } = act.thing as InterfaceThing;
  const entry = context.ledger.find(act.thing as InterfaceThing);
  let done: ActionResult = {};
  if (context.alive && context.jid !== undefined) {
    const result = await context.run({
      argv: ["/sbin/ifconfig", name, "-vnet", String(context.jid)],
    });
    // It may have been destroyed inside, or given back before: what counts is whether the host has it.
    done = result.status === 0 ? { result } : { result, note: `${name} is not in the jail` };
  }
  const { machine } = context;
  const until = machine.clock() + context.patienceMs(RETURN_MS);
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LONGEST_LOOK_MS)) {
    if ((await interfaceNames(context)).includes(name)) break;
    // Never made, or destroyed: nothing will come back.
    if (done.note !== undefined || entry?.made === false) {
      done = { ...done, note: `${name} is neither in the jail nor on the host` };
      break;
    }
    if (machine.clock() >= until) throw new StepError("EBUSY", `interface ${name} did not come back to the host`);
    await machine.sleep(wait);
  }
  if (entry !== undefined) await context.ledger.gone(entry);
  return done;
}

/** `vnet.interface`: into the jail after it is made, back before it is removed (jail(8) leaves that to the kernel). */
export const interfaceKind: StepKind = {
  up: (spec, row) => spec.interfaces.map((name) => action(row, "up", name)),
  down: (_spec, row, things) => things.map((thing) => action(row, "down", (thing as InterfaceThing).name)),
  make,
  take,
};

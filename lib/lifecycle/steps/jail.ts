import type { JailThing } from "../ledger/thing.js";
import type { JailSpec } from "../spec.js";
import { type Action, type ActionResult, type StepContext, StepError, type StepKind } from "./kind.js";
import type { StepRow } from "./table.js";

const FIRST_LOOK_MS = 2;
const LONGEST_LOOK_MS = 250;
/** How long a removed jail may be dying before a stop says so. */
const DYING_MS = 60_000;

/** The kernel keeps a jail without processes only where it is asked to: needed while commands are still to come. */
export function needsTemporaryPersist(spec: JailSpec): boolean {
  const later = ["exec.start", "command", "exec.poststart"] as const;
  return !spec.persist && later.some((hook) => spec.hooks[hook].length > 0);
}

function action(row: StepRow, direction: "up" | "down", name: string): Action {
  const text = direction === "up" ? "jail_set(2)" : "jail_remove(2)";
  const thing: JailThing = { kind: "jail", step: row.name, name };
  return { step: row.name, direction, where: "kernel", argv: [], text, thing };
}

async function checkPath(context: StepContext): Promise<void> {
  const { path } = context.spec;
  if (path === undefined) return;
  if (!path.startsWith("/")) throw new StepError("EINVAL", `path ${path}: not an absolute pathname`);
  const info = await context.machine.stat(path, { follow: true, signal: context.signal });
  if (info === undefined) throw new StepError("ENOENT", `path ${path}: No such file or directory`);
  if (info.type !== "directory") throw new StepError("ENOTDIR", `path ${path}: Not a directory`);
}

async function make(context: StepContext, act: Action): Promise<ActionResult> {
  await checkPath(context);
  const { spec, ledger, jails, signal } = context;
  const found = await jails.find(spec.name, { signal });
  if (found !== undefined) {
    throw new StepError("EEXIST", `jail "${spec.name}" already exists, with jid ${found.jid}`, {
      hint: "somebody else started it meanwhile",
    });
  }
  const temporary = needsTemporaryPersist(spec);
  const entry = await ledger.intend(act.thing as JailThing);
  const parameters = { ...withoutPersist(spec.parameters), name: spec.name, persist: temporary || spec.persist };
  let jid: number;
  try {
    // Not to be given up half-way: whether the jail is there would not be known.
    jid = await jails.create(parameters);
  } catch (error) {
    // A jail of that name is somebody else's, who came between the look and the call.
    await ledger.gone(entry);
    throw error;
  }
  context.jid = jid;
  context.alive = true;
  context.temporaryPersist = temporary;
  await ledger.made(entry, String(jid));
  return { note: `jid ${jid}` };
}

function withoutPersist(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { persist: _on, nopersist: _off, ...rest } = parameters;
  return rest;
}

/** Waits until the kernel has let go of a jail. */
async function waitGone(context: StepContext, jid: number, name: string): Promise<void> {
  const { machine, jails } = context;
  const limit = context.patienceMs(DYING_MS);
  const until = machine.clock() + limit;
  for (let wait = FIRST_LOOK_MS; await jails.lingers(jid, name); wait = Math.min(wait * 2, LONGEST_LOOK_MS)) {
    if (machine.clock() >= until) {
      throw new StepError(
        "EBUSY",
        `jail ${jid} ("${name}") was removed and is still dying after ${(limit / 1000).toFixed(1)} s`,
        {
          hint: "something outside holds it, often a half-closed TCP connection: sockstat -s shows it with ?? as its user",
        },
      );
    }
    await machine.sleep(wait);
  }
}

async function take(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as JailThing;
  const { ledger, jails } = context;
  const entry = ledger.find(thing);
  const found = await jails.find(thing.name);
  const ours = entry?.id === undefined ? undefined : Number(entry.id);
  const jid = found?.jid ?? ours ?? context.jid;
  let note: string | undefined;
  if (found === undefined) note = `jail "${thing.name}" is gone already`;
  else if (ours !== undefined && found.jid !== ours && act.direction === "undo") {
    note = `jail "${thing.name}" has jid ${found.jid} now, not ${ours}: it is another one, and stays`;
  } else await jails.remove(found.jid);
  context.alive = false;
  context.temporaryPersist = false;
  if (jid !== undefined && (found === undefined || found.jid === jid)) await waitGone(context, jid, thing.name);
  if (entry !== undefined) await ledger.gone(entry);
  return note === undefined ? {} : { note };
}

/** The jail itself: `jail_set(2)`, and `jail_remove(2)` until the kernel has let go of it. */
export const jailKind: StepKind = {
  up: (spec, row) => [action(row, "up", spec.name)],
  down: (spec, row) => [action(row, "down", spec.name)],
  make,
  take,
};

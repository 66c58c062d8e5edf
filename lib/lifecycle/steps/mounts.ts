import { componentsBelow } from "../../machine/files.js";
import { MachineError, type MountEntry } from "../../machine/machine.js";
import type { RunResult } from "../../machine/run.js";
import type { MountThing } from "../ledger/thing.js";
import type { MountSpec } from "../spec.js";
import { type Action, type ActionResult, expectSuccess, type StepContext, StepError, type StepKind } from "./kind.js";
import type { StepRow } from "./table.js";

/** Kinds of file system that are mounted into a directory held open; others go through mount(8). */
const HELD = new Set(["devfs", "fdescfs", "linprocfs", "linsysfs", "nullfs", "procfs", "tmpfs"]);
const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 500;
/** How long a file system may stay busy after its jail is gone. */
const BUSY_MS = 10_000;

/** mount(8)'s arguments, as jail(8) gives them. */
function mountArgv(mount: MountSpec): string[] {
  const { parameter, type, source, target, options } = mount;
  if (parameter === "mount.devfs") return ["/sbin/mount", "-t", type, `-o${options.join(",")}`, source, target];
  const given = options.length === 0 ? [] : ["-o", options.join(",")];
  return ["/sbin/mount", "-t", type, ...given, source, target];
}

/** umount(8)'s arguments, as jail(8) gives them. */
function umountArgv({ parameter, type, target }: MountSpec): string[] {
  const typed = parameter === "mount" || parameter === "mount.fstab";
  return ["/sbin/umount", ...(typed ? ["-t", type] : []), target];
}

/** What a mount is known by among jails. */
export function mountKey({ type, source, target }: MountSpec): string {
  return `mount ${type} ${source} ${target}`;
}

function actionFor(row: StepRow, direction: "up" | "down", mount: MountSpec, root: string | undefined): Action {
  return {
    step: row.name,
    direction,
    where: "host",
    argv: direction === "up" ? mountArgv(mount) : umountArgv(mount),
    text: "",
    thing: { kind: "mount", step: row.name, mount, root },
  };
}

/** What a source looks like in the mount table. */
export function sameSource(entry: MountEntry, mount: MountSpec, realSource: string): boolean {
  if (entry.type !== mount.type) return false;
  if (mount.type === "nullfs" || mount.type === "unionfs") return entry.source.replace(/^<[^>]*>:/, "") === realSource;
  // The pseudo file systems have one source; what it is called is the mounter's whim.
  return HELD.has(mount.type) || entry.source === mount.source;
}

/**
 * jail(8)'s check of a path below the jail's root: it exists and no component of it is a symbolic link. Throws a
 * StepError with jail(8)'s words.
 */
export async function checkTarget(
  context: Pick<StepContext, "machine" | "signal">,
  mount: MountSpec,
  root: string | undefined,
): Promise<void> {
  const { parameter, target } = mount;
  for (const path of (root === undefined ? undefined : componentsBelow(root, target)) ?? [target]) {
    const info = await context.machine.stat(path, { signal: context.signal });
    if (info === undefined) throw new StepError("ENOENT", `${parameter}: ${path}: No such file or directory`);
    if (info.type === "symlink" && root !== undefined && path.startsWith(`${root.replace(/\/+$/, "")}/`)) {
      throw new StepError("ELOOP", `${parameter}: ${path} is a symbolic link`, {
        hint: "a path below the jail's root must not lead through a link that the jail can change",
      });
    }
  }
}

/** Links in what lies above the jail's root are the host's own and are followed; the mount table shows true paths. */
export async function truePath(context: Pick<StepContext, "machine" | "signal">, path: string): Promise<string> {
  return (await context.machine.realPath(path, { signal: context.signal })) ?? path;
}

async function make(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as MountThing;
  const { mount, root } = thing;
  const jail = context.spec.name;
  await checkTarget(context, mount, root);
  const place = await truePath(context, mount.target);
  const source = mount.source.startsWith("/") ? await truePath(context, mount.source) : mount.source;
  const key = mountKey(mount);
  const lock = await context.books.lockShared(key, `mount for ${jail}`, { signal: context.signal });
  try {
    const table = (await context.mounts()).filter((entry) => entry.target === place);
    const { made } = await context.uses.look(key, jail);
    const same = table.findLast((entry) => sameSource(entry, mount, source));
    const there = same !== undefined && coversUp(mount, root, made) ? undefined : same;
    if (there === undefined) refuseOther(context, mount, same === undefined ? table.at(-1) : undefined);
    else if (!made) refuseWritable(mount, there);
    const under = there === undefined && same !== undefined ? { under: table.map(({ fsid }) => fsid) } : {};
    const entry = context.ledger.find(thing) ?? (await context.ledger.intend({ ...thing, ...under }));
    await context.uses.enter(key, jail, there === undefined || made);
    if (there !== undefined) {
      await context.ledger.made(entry, there.fsid);
      return { note: `${mount.source} is mounted on ${place} already` };
    }
    const { result, shown } = await mountIt(context, act, mount, root, place);
    await context.ledger.made(entry, shown?.fsid ?? "");
    return result === undefined ? {} : { result };
  } finally {
    await lock.release();
  }
}

/**
 * A devfs that somebody else mounted may show every device, and nothing tells its ruleset: one of the jail's own goes on
 * top, as jail(8) does it. Not on the host's own /dev.
 */
function coversUp(mount: MountSpec, root: string | undefined, made: boolean): boolean {
  const ofJail = root !== undefined && root.replace(/\/+$/, "") !== "";
  return mount.type === "devfs" && ofJail && !made;
}

/** What is there already is as good as one of ours unless more may be written to it. */
function refuseWritable(mount: MountSpec, there: MountEntry): void {
  const readOnly = mount.options.some((option) => option === "ro" || option === "rdonly");
  if (!readOnly || there.readOnly) return;
  throw new StepError(
    "EBUSY",
    `${mount.parameter}: ${there.source} is mounted on ${there.target} already, read-write and not read-only`,
    { hint: `unmount it, or mount it again read-only: mount -u -o ro ${there.target}` },
  );
}

/** One jail may stack its own mounts on one directory; what somebody else mounted there is not covered up. */
function refuseOther(context: StepContext, mount: MountSpec, there: MountEntry | undefined): void {
  if (there === undefined) return;
  const own = context.ledger.state.entries.some(({ thing, id }) => thing.kind === "mount" && id === there.fsid);
  if (own) return;
  throw new StepError(
    "EBUSY",
    `${mount.parameter}: ${there.source} (${there.type}) is mounted on ${there.target} already, ` +
      `not ${mount.source} (${mount.type})`,
    { hint: `unmount it, or take the line out of ${mount.parameter}` },
  );
}

/** What was mounted, as the mount table shows it. */
interface Mounted {
  readonly shown: MountEntry | undefined;
  readonly result?: RunResult;
}

async function mountIt(
  context: StepContext,
  act: Action,
  mount: MountSpec,
  root: string | undefined,
  place: string,
): Promise<Mounted> {
  if (!HELD.has(mount.type)) return mountByProgram(context, act, mount, place);
  const { machine, signal } = context;
  const below = root !== undefined && componentsBelow(root, mount.target) !== undefined;
  const { type, source, options, target } = mount;
  const request = { type, source, options, target, root: below ? root : "/" };
  // Without a jail's root above it the whole path is the host's own: its links are followed.
  const resolved = below ? request : { ...request, target: place, root: place.replace(/\/[^/]*$/, "") || "/" };
  try {
    const shown = await machine.mount(resolved, { signal });
    if (shown.target !== place) await takeBack(context, mount, shown);
    return { shown };
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    throw new StepError(error.code, `${mount.parameter}: ${mount.target}: ${error.message}`, { cause: error });
  }
}

/** mount(8), for what takes more than the kernel to mount. It names the place by its path, so that is looked at after. */
async function mountByProgram(context: StepContext, act: Action, mount: MountSpec, place: string): Promise<Mounted> {
  const before = new Set((await context.mounts()).map(({ fsid }) => fsid));
  const result = await context.run({ argv: act.argv });
  expectSuccess(result);
  const fresh = (await context.mounts()).filter(({ fsid }) => !before.has(fsid));
  const shown = fresh.findLast(({ target }) => target === place);
  // Others mount too: only what can be nothing but ours is taken back.
  const own = fresh.filter(({ source, type }) => source === mount.source && type === mount.type);
  if (shown === undefined && own.length === 1) await takeBack(context, mount, own[0] as MountEntry);
  return { shown, result };
}

async function takeBack(context: StepContext, mount: MountSpec, shown: MountEntry): Promise<never> {
  await context.machine.unmount(shown);
  throw new StepError("ELOOP", `${mount.parameter}: ${mount.target} was mounted on ${shown.target}; taken back`);
}

async function take(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as MountThing;
  const { mount } = thing;
  const jail = context.spec.name;
  const entry = context.ledger.find(thing);
  const key = mountKey(mount);
  const lock = await context.books.lockShared(key, `mount for ${jail}`);
  try {
    const finish = async (note: string | undefined, removed: boolean): Promise<ActionResult> => {
      await context.uses.leave(key, jail, removed);
      if (entry !== undefined) await context.ledger.gone(entry);
      return note === undefined ? {} : { note };
    };
    const { made, others } = await context.uses.look(key, jail);
    if (others.length > 0) return await finish(`${mount.target} stays mounted: ${others.join(", ")} use it too`, false);
    if (!made && !context.assumeOurs) return await finish(`${mount.target} stays mounted: it was before`, false);
    const place = await truePath(context, mount.target);
    const table = await context.mounts();
    const source = mount.source.startsWith("/") ? await truePath(context, mount.source) : mount.source;
    const known = entry?.id ? table.find((candidate) => candidate.fsid === entry.id) : undefined;
    const under = new Set((entry?.thing as MountThing | undefined)?.under);
    const here = table.filter((candidate) => candidate.target === place && !under.has(candidate.fsid));
    const shown = known ?? here.findLast((candidate) => sameSource(candidate, mount, source));
    if (shown === undefined) {
      return await finish(`${mount.target} is not mounted any more`, true);
    }
    await unmountPatiently(context, shown);
    return await finish(undefined, true);
  } finally {
    await lock.release();
  }
}

/** A jail that is dying holds its file systems for a while. */
async function unmountPatiently(context: StepContext, shown: MountEntry): Promise<void> {
  const { machine } = context;
  const until = machine.clock() + context.patienceMs(BUSY_MS);
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
    try {
      await machine.unmount(shown);
      return;
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      const table = await context.mounts();
      if (error.code !== "EBUSY") throw failure(error, shown, table);
      const held = (await context.jails.list()).some((jail) => jail.dying && isBelow(jail.path, shown.target));
      if (!held || machine.clock() >= until) throw failure(error, shown, table);
    }
    await machine.sleep(wait);
  }
}

function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

function failure(error: MachineError, shown: MountEntry, table: readonly MountEntry[]): StepError {
  const above = table.filter((entry) => entry !== shown && entry.target.startsWith(`${shown.target}/`));
  const because = above.length > 0 ? `: ${above.map((entry) => entry.target).join(", ")} is mounted below it` : "";
  return new StepError(error.code, `umount ${shown.target}: ${error.code}${because}`, {
    cause: error,
    hint: above.length > 0 ? "unmount what is below it first" : `see what uses it: fstat -f ${shown.target}`,
  });
}

/** `mount`, `mount.fstab`, `mount.devfs`, `mount.fdescfs`, `mount.procfs`. */
export const mountKind: StepKind = {
  up: (spec, row) =>
    spec.mounts.filter((mount) => mount.parameter === row.name).map((mount) => actionFor(row, "up", mount, spec.path)),
  down: (_spec, row, things) =>
    things.map((thing) => actionFor(row, "down", (thing as MountThing).mount, (thing as MountThing).root)),
  make,
  take,
};

import { resolve } from "node:path";
import { sameParameter } from "../../../conf/names.js";
import { codeOf, strerror } from "../../../strerror.js";
import { type Given, Refusal } from "../calls.js";
import { exportValue } from "../libjail.js";
import { describe, type Imported, importParameters, persistent, toGiven, valueOf } from "./import.js";
import type { BaseJail } from "./model.js";
import type { Work } from "./perform.js";

/** Makes a jail. Returns false where it could not be made; it was said. */
export async function createJail(work: Work, jail: BaseJail): Promise<boolean> {
  const { calls, messages } = work;
  const problem = await checkRoot(work, jail);
  if (problem !== undefined) {
    messages.warn(jail, problem);
    return false;
  }
  const later = ["exec.start", "command", "exec.poststart"].some((name) => jail.find(name) !== undefined);
  const added = !jail.boolean("persist") && later ? persistent(calls.table) : undefined;
  const own = kernelParameters(work, jail);
  const imported =
    added === undefined ? own : [added, ...own.filter(({ parameter }) => !sameParameter(parameter.name, "persist"))];
  jail.jid = await attempt(work, jail, "JAIL_CREATE", imported, () => calls.create(located(work, toGiven(imported))));
  if (jail.jid < 0) return false;
  if (added !== undefined) jail.flags.persist = true;
  return true;
}

/** A simulated kernel has no working directory of ours: what is meant from there is given from the root. */
function located({ machine, io }: Work, given: readonly Given[]): readonly Given[] {
  if (!machine.simulated) return given;
  return given.map((each) => {
    const { parameter, value } = each;
    const relative = parameter.name === "path" && typeof value === "string" && value !== "" && !value.startsWith("/");
    return relative ? { parameter, value: resolve(io.cwd, value) } : each;
  });
}

/** Changes a jail. Returns false where it could not be changed; it was said. */
export async function updateJail(work: Work, jail: BaseJail): Promise<boolean> {
  const changed = kernelParameters(work, jail).filter(({ parameter }) => !parameter.entry.tunable);
  if (changed.length === 0) return true;
  const { jid } = jail;
  const entry = work.calls.table.get("jid");
  const key: Imported[] =
    entry === undefined ? [] : [{ parameter: { name: "jid", entry, negated: false, key: false }, value: jid }];
  const done = await attempt(work, jail, "JAIL_UPDATE", [...key, ...changed], async () => {
    await work.calls.update(jid, toGiven(changed));
    return jid;
  });
  if (done < 0) work.queues.fail(jail);
  return done >= 0;
}

/** A jail that persisted for its commands no longer does: without a process it is gone. */
export async function clearPersist(work: Work, jail: BaseJail): Promise<void> {
  if (!jail.flags.persist) return;
  jail.flags.persist = false;
  let failure = "";
  try {
    const parameter = work.calls.parameter("nopersist");
    await work.calls.update(jail.jid, [{ parameter, value: false }]);
  } catch (thrown) {
    failure = `: ${strerror(codeOf(thrown))}`;
  }
  if (work.messages.verbose > 0) {
    work.messages.note(jail, `jail_set(JAIL_UPDATE) jid=${jail.jid} nopersist${failure}\n`);
  }
}

/** The first parameter that only a new jail could have so. */
export async function fixedDifference(work: Work, jail: BaseJail): Promise<string | undefined> {
  if (jail.flags.compared) return undefined;
  jail.flags.compared = true;
  const fixed = kernelParameters(work, jail).filter(
    ({ parameter }) => parameter.entry.tunable && parameter.name !== "jid",
  );
  if (fixed.length === 0) return undefined;
  const parameters = fixed.map(({ parameter }) => parameter);
  const running = await work.calls.read({ jid: jail.jid }, parameters, false).catch(() => undefined);
  if (running === undefined) return undefined;
  return fixed.find((each, at) => exportValue(running[at] ?? null) !== exportValue(valueOf(each)))?.parameter.name;
}

/** A jail's parameters for the kernel, as they were taken in when the jail was looked at. */
function kernelParameters(work: Work, jail: BaseJail): readonly Imported[] {
  return importParameters(jail, work.calls.table).imported;
}

/** jail(8) looks at the root itself, for a better message. A simulated host's directories are the kernel's to know. */
async function checkRoot(work: Work, jail: BaseJail): Promise<string | undefined> {
  const path = jail.text("path");
  if (path === undefined) return undefined;
  if (jail.name !== undefined && !path.startsWith("/")) return `path ${path}: not an absolute pathname`;
  if (path === "") return `path : ${strerror("ENOENT")}`;
  if (work.machine.simulated) return undefined;
  const place = path.startsWith("/") ? path : `${work.io.cwd}/${path}`;
  try {
    const info = await work.machine.stat(place, { follow: true });
    if (info === undefined) return `path ${path}: ${strerror("ENOENT")}`;
    return info.type === "directory" ? undefined : `path ${path}: ${strerror("ENOTDIR")}`;
  } catch (thrown) {
    return `path ${path}: ${strerror(codeOf(thrown))}`;
  }
}

async function attempt(
  work: Work,
  jail: BaseJail,
  call: string,
  imported: readonly Imported[],
  run: () => Promise<number>,
): Promise<number> {
  const { messages } = work;
  let refusal: Refusal | undefined;
  let jid = -1;
  try {
    jid = await run();
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    refusal = thrown;
  }
  if (messages.verbose > 0) {
    const failure = refusal === undefined ? "" : `: ${strerror(refusal.code)}`;
    messages.note(jail, `jail_set(${call})${describe(imported)}${failure}\n`);
  }
  if (refusal !== undefined) messages.warn(jail, rootProblem(work, jail, refusal) ?? refusal.message);
  return jid;
}

/** What {@link checkRoot} would have said of a simulated host's directory. */
function rootProblem(work: Work, jail: BaseJail, refusal: Refusal): string | undefined {
  const path = jail.text("path");
  if (!work.machine.simulated || path === undefined || refusal.explained) return undefined;
  if (refusal.code !== "ENOENT" && refusal.code !== "ENOTDIR") return undefined;
  return `path ${path}: ${strerror(refusal.code)}`;
}

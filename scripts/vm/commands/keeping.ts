/** The commands for what is kept: list, clean, fetch. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { KINDS } from "../cache.js";
import { UsageError, VmError } from "../errors.js";
import { mebibytes } from "../images/download.js";
import type { Session } from "../session.js";
import { guestModules } from "../suite/modules.js";

/** What is up and what is cached. */
export async function list(session: Session): Promise<number> {
  const machines = await session.records.running();
  const kept = session.cache.list().filter(({ kind }) => kind !== "machines");
  if (session.options.json) {
    session.print(`${JSON.stringify({ cache: session.cache.root, machines, kept }, null, 2)}\n`);
    return 0;
  }
  const lines = machines.map(
    ({ name, label, arch, accelerator, way, actor, record }) =>
      `up      ${name}  ${label} ${arch}, ${accelerator.name}, ${way}, pid ${actor.pid}, console ${record}`,
  );
  const rows = kept.map(({ kind, name, size }) => `${kind.padEnd(7)} ${name}  ${mebibytes(size)}`);
  session.print([...lines, ...rows, `in ${session.cache.root}`, ""].join("\n"));
  return 0;
}

/** Removes what is cached. A machine that runs stands on its image and on the state it was resumed from. */
export async function clean(session: Session): Promise<number> {
  const { words } = session.options;
  const allowed = [...KINDS, "accelerators"];
  for (const word of words)
    if (!allowed.includes(word)) throw new UsageError(`clean ${word}: not one of ${allowed.join(", ")}`);
  const wanted = words.length === 0 ? allowed : words;
  await session.records.sweep();
  const running = await session.records.running();
  if (running.length > 0 && wanted.some((word) => word !== "modules" && word !== "accelerators")) {
    const names = running.map(({ name }) => name).join(", ");
    throw new VmError(`machines run that stand on what is cached: ${names}`, "`npm run vm -- down --all` ends them.");
  }
  let freed = 0;
  for (const { kind, name, size } of session.cache.list()) {
    if (!wanted.includes(kind)) continue;
    session.cache.remove(kind, name);
    freed += size;
  }
  if (wanted.includes("accelerators")) rmSync(join(session.cache.root, "accelerators.json"), { force: true });
  session.say(`removed ${mebibytes(freed)} from ${session.cache.root}`);
  return 0;
}

/** Gets what later runs without a network need: images and node_modules. */
export async function fetchAll(session: Session, root: string): Promise<number> {
  const { cache, waits, signal, options } = session;
  const say = (line: string) => session.say(line);
  for (const target of session.targets()) {
    const image = await session.image(target, say);
    if (image !== undefined) say(`${image.label}: ${image.path}`);
    const modules = await guestModules({
      root,
      arch: target.arch,
      cache,
      network: options.network,
      waits,
      signal,
      say,
    });
    say(`node_modules: ${modules.folder}`);
  }
  return 0;
}

import { JAIL_DYING } from "../binding.js";
import type { CallOptions } from "../call.js";
import type { JailHost } from "../host.js";
import { startLocal } from "../machine/programs.js";
import { watchProgram } from "../machine/run.js";
import { OWN_TIME } from "../machine/time.js";
import { decodeRows } from "../params/decode.js";
import { listProcesses } from "./list.js";

/** Something that holds a jail. */
export interface JailBlocker {
  readonly kind: "process" | "child" | "persist" | "socket";
  /** What holds it, in one sentence. */
  readonly what: string;
  /** What shows it: a pid, a jid, an address. */
  readonly shows: string;
  /** What would free it. */
  readonly frees: string;
}

/** What still holds a jail, living or dying; none where there is no such jail. */
export async function findBlockers(host: JailHost, jid: number, options: CallOptions = {}): Promise<JailBlocker[]> {
  const jail = await readJail(host, jid, options);
  if (jail === undefined) return [];
  const blockers: JailBlocker[] = [];
  for (const { pid, user, command } of await listProcesses(host, { ...options, jid })) {
    const what = `process ${pid} of ${user} runs in it: ${command}`;
    blockers.push({
      kind: "process",
      what,
      shows: `pid ${pid}`,
      frees: `its end: \`kill ${pid}\`, or \`kill -9 ${pid}\``,
    });
  }
  for (const child of await host.list(["jid", "name", "parent"], { ...options, dying: true })) {
    if (child.parent !== jid) continue;
    const frees = `its removal: \`bsdjail remove ${child.jid}\``;
    blockers.push({ kind: "child", what: `jail ${child.name} is inside it`, shows: `jid ${child.jid}`, frees });
  }
  if (!jail.dying && jail.persist) {
    const frees = "`persist` taken away, or the jail's removal";
    blockers.push({ kind: "persist", what: "it stays without a process", shows: "persist", frees });
  }
  if (jail.dying && !host.kernel.simulated && host.kernel.system === "freebsd") {
    blockers.push(...(await unfinishedConnections(jail.addresses, options)));
  }
  return blockers;
}

async function readJail(host: JailHost, jid: number, options: CallOptions) {
  const names = ["dying", "persist", "ip4.addr", "ip6.addr"].filter((name) => host.parameters.get(name) !== undefined);
  const columns = host.columns(names);
  const fields = columns.map(({ field }) => field);
  const rows = await host.kernel.jailRead({ jid }, fields, JAIL_DYING, options);
  if (rows.error !== undefined) return undefined;
  const row: Record<string, unknown> = decodeRows(rows, names, columns)[0] ?? {};
  const addresses = [row["ip4.addr"] ?? [], row["ip6.addr"] ?? []].flat().map(String);
  return { dying: row.dying === true, persist: row.persist === true, addresses };
}

/** USER COMMAND PID FD of a connection that outlived its process. */
const ORPHAN = /^\?\? +\?\? +\?\? +\?\? +(tcp\S*) +(\S+) +(\S+) *(\S*)/;

/** Connections without a process, among them those that keep a dying jail: of its addresses, or all where it has none of its own. */
async function unfinishedConnections(addresses: readonly string[], options: CallOptions): Promise<JailBlocker[]> {
  const argv = ["/usr/bin/sockstat", "-s", "-4", "-6", "-P", "tcp"];
  const { stdout } = await watchProgram(OWN_TIME, argv, await startLocal({ argv }, options), { keepBytes: 1 << 22 });
  return stdout.split("\n").flatMap((line) => {
    const [, protocol, local = "", remote, state] = ORPHAN.exec(line) ?? [];
    const address = local.slice(0, local.lastIndexOf(":"));
    if (protocol === undefined || (addresses.length > 0 && !addresses.includes(address))) return [];
    const what = `a connection outlives its process: ${local} to ${remote}${state ? `, ${state}` : ""}`;
    const frees = `the other end closing it, or time; \`tcpdrop ${local.replace(/:(\d+)$/, " $1")} ${remote?.replace(/:(\d+)$/, " $1")}\` at once`;
    return [{ kind: "socket" as const, what, shows: local, frees }];
  });
}

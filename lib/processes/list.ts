import type { RawProcesses } from "../binding.js";
import { type CallOptions, checked } from "../call.js";
import type { JailHost } from "../host.js";

/** A process in a jail. */
export interface JailProcess {
  readonly pid: number;
  /** Its parent's pid. */
  readonly parent: number;
  /** The jail it runs in: the one that was asked, or a child of it. */
  readonly jid: number;
  /** The effective user id. */
  readonly uid: number;
  /** By the host's password file; the uid's digits where that has none. */
  readonly user: string;
  /** The command with its arguments. */
  readonly command: string;
  readonly started: Date;
}

/** Which processes are asked for. */
export interface ProcessesOptions extends CallOptions {
  /** Those of child jails too. Default false. */
  readonly children?: boolean | undefined;
}

/** The jail and, on request, all jails below it. */
async function jidsOf(host: JailHost, jid: number, { children, signal }: ProcessesOptions): Promise<Set<number>> {
  const jids = new Set([jid]);
  if (!children) return jids;
  const rows = await host.list(["jid", "parent"], { signal });
  // A child can have a lower jid than its parent.
  for (let before = 0; before < jids.size; ) {
    before = jids.size;
    for (const { jid: child, parent } of rows) if (jids.has(parent)) jids.add(child);
  }
  return jids;
}

/** The processes of a jail, in order of pid. */
export async function listProcesses(
  host: JailHost,
  { jid, ...options }: ProcessesOptions & { readonly jid: number },
): Promise<JailProcess[]> {
  const jids = await jidsOf(host, jid, options);
  return toProcesses(checked(await host.kernel.processes(options), jid), jids);
}

/** Those of some jails, in order of pid. */
export function toProcesses({ processes }: RawProcesses, jids: ReadonlySet<number>): JailProcess[] {
  return processes
    .filter(({ jid }) => jids.has(jid))
    .map(({ startedMs, hostPid: _, ...process }) => ({ ...process, started: new Date(startedMs) }))
    .sort((a, b) => a.pid - b.pid);
}

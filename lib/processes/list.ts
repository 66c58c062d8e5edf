import type { CallOptions, JailHost } from "../host.js";
import { startLocal } from "../machine/programs.js";
import { watchProgram } from "../machine/run.js";

/** A process in a jail. */
export interface JailProcess {
  readonly pid: number;
  /** Its parent's pid. */
  readonly parent: number;
  /** The jail it runs in: the one that was asked, or a child of it. */
  readonly jid: number;
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
export async function jidsOf(
  host: JailHost,
  jid: number,
  { children, signal }: ProcessesOptions,
): Promise<Set<number>> {
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
  const all = host.simulation === undefined ? await processesOfSystem(options) : simulatedProcesses(host);
  return all.filter((process) => jids.has(process.jid)).sort((a, b) => a.pid - b.pid);
}

function simulatedProcesses(host: JailHost): JailProcess[] {
  return (host.simulation?.processes() ?? []).map(({ startedMs, hostPid: _, ...process }) => ({
    ...process,
    started: new Date(startedMs),
  }));
}

const TIME = {
  clock: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref()),
};
const LINE = /^ *(\d+) +(\d+) +(\d+) +(\d+) +(\S+) +(\w+ +\w+ +\d+ +[\d:]+ +\d+) +(.*)$/;

/** Every process of this machine. */
export async function processesOfSystem(options: CallOptions): Promise<JailProcess[]> {
  const argv = ["/bin/ps", "-axww", "-o", "pid=,ppid=,jid=,uid=,user=,lstart=,args="];
  const { stdout } = await watchProgram(TIME, argv, await startLocal({ argv, env: { LC_ALL: "C" } }, options), {
    keepBytes: 1 << 24,
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, jid, uid, user = "", started = "", command = ""] = LINE.exec(line) ?? [];
    if (pid === undefined) return [];
    const numbers = { pid: Number(pid), parent: Number(parent), jid: Number(jid), uid: Number(uid) };
    return [{ ...numbers, user, command, started: new Date(started) }];
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { type CallOptions, until } from "../call.js";
import { JailStateError } from "../errors.js";
import type { JailHost } from "../host.js";
import { signalProcesses } from "./kill.js";
import { type JailProcess, listProcesses } from "./list.js";

/** Options of `Jail.stop`. */
export interface StopOptions extends CallOptions {
  /** Milliseconds between TERM and KILL, as `stop.timeout` of jail(8). 0 kills at once. Default 10000. */
  readonly timeout?: number | undefined;
  /** The processes of child jails too. Default false. */
  readonly children?: boolean | undefined;
}

/** What `Jail.stop` came to. */
export interface StopResult {
  /** Those that ended by themselves after TERM. */
  readonly terminated: readonly JailProcess[];
  /** Those that did not, and were killed. */
  readonly killed: readonly JailProcess[];
}

const TIMEOUT_MS = 10_000;
/** How long a killed process may take to be gone. */
const KILL_MS = 10_000;

/** TERM to a jail's processes, time for them to go, KILL to those that are left. The jail itself is not removed. */
export async function stopProcesses(host: JailHost, jid: number, options: StopOptions): Promise<StopResult> {
  const { timeout = TIMEOUT_MS, signal } = options;
  const seen = new Map<number, JailProcess>();
  const left = async () => {
    const processes = await listProcesses(host, { ...options, jid });
    for (const process of processes) seen.set(process.pid, process);
    return processes;
  };
  if (timeout > 0) {
    for (const process of await signalProcesses(host, jid, "SIGTERM", options)) seen.set(process.pid, process);
    await until(async () => (await left()).length === 0, performance.now() + timeout, signal);
  }
  const killed = new Map<number, JailProcess>();
  const deadline = performance.now() + KILL_MS;
  // A process may fork while it is being killed.
  for (let pause = 1; (await left()).length > 0; pause = Math.min(pause * 2, 100)) {
    for (const process of await signalProcesses(host, jid, "SIGKILL", options)) killed.set(process.pid, process);
    const remaining = await left();
    if (remaining.length === 0) break;
    if (performance.now() > deadline) throw stuck(jid, remaining);
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
  return { terminated: [...seen.values()].filter(({ pid }) => !killed.has(pid)), killed: [...killed.values()] };
}

function stuck(jid: number, processes: readonly JailProcess[]): JailStateError {
  const names = processes.map(({ pid, command }) => `${pid} (${command})`).join(", ");
  return new JailStateError("ERR_JAIL_LINGERS", `processes of jail ${jid} were killed and do not end: ${names}`);
}

import type { JailHost } from "../host.js";
import { type JailProcess, listProcesses, type ProcessesOptions } from "./list.js";

/** Signals the processes of a jail: those that were there to be signalled. `kill(2)`. */
export async function signalProcesses(
  host: JailHost,
  jid: number,
  signal: NodeJS.Signals,
  options: ProcessesOptions = {},
): Promise<JailProcess[]> {
  const signalled: JailProcess[] = [];
  let refused: unknown;
  for (const process of await listProcesses(host, { ...options, jid })) {
    try {
      if (signalProcess(host, process.pid, signal)) signalled.push(process);
    } catch (error) {
      refused ??= error;
    }
  }
  if (refused !== undefined) throw refused;
  return signalled;
}

/** Signals one process of a jail. False where it is gone. @throws a system error where it may not be */
function signalProcess(host: JailHost, pid: number, signal: NodeJS.Signals): boolean {
  if (host.runner !== undefined) return host.runner.kill(pid, signal);
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

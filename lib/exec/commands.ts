import { posix } from "node:path";
import type { JailHost } from "../host.js";
import type { JailCommand, JailCommands } from "../lifecycle/port.js";
import type { MachineOptions, Program } from "../machine/machine.js";
import { findBlockers } from "../processes/blockers.js";
import { signalProcesses } from "../processes/kill.js";
import { listProcesses } from "../processes/list.js";
import { DEPENDENT, type Entry } from "./entry.js";
import { ownIdentity } from "./identity.js";
import { enterJail } from "./program.js";

/** A command of a jail's life, with what jexec(8) adds. */
export interface HookCommand extends JailCommand {
  /** The directory in the jail to start in. Default: that of the user of a clean environment, else the jail's root. */
  readonly cwd?: string | undefined;
}

/** Options of {@link hostCommands}. */
export interface HostCommandsOptions {
  /** The environment that a command inherits where it is not a clean one. Default: this process's own. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** What jail(8) and jexec(8) make of a command: its user, its environment, its directory. */
export function hookEntry(jid: number, command: HookCommand, env: NodeJS.ProcessEnv): Entry {
  const { argv, user, hostUser, clean, fib, cwd, dependent } = command;
  // Without a name it is our own user, whom the jail need not know.
  const own = clean && hostUser && user === undefined ? ownIdentity() : undefined;
  return {
    target: { jid },
    argv,
    user,
    hostUser,
    environment: clean ? "login" : user === undefined ? "none" : "base",
    term: env.TERM,
    home: clean && user !== undefined,
    cwd: cwd === undefined ? undefined : posix.join("/", cwd),
    fib,
    parentDeathSignal: dependent ? DEPENDENT : undefined,
    base: clean || user === undefined ? undefined : env,
    env: clean || user !== undefined ? own : env,
  };
}

/** What happens inside the jails of a host: what the lifecycle and the base system's commands need of it. */
export function hostCommands(
  host: JailHost,
  { env = process.env }: HostCommandsOptions = {},
): JailCommands & {
  start(jid: number, command: HookCommand, options?: MachineOptions): Promise<Program>;
} {
  return {
    async start(jid, command, { signal } = {}) {
      signal?.throwIfAborted();
      const { streams, outputFd, background } = command;
      return enterJail(hookEntry(jid, command, env), {
        streams,
        outputFd,
        // A terminal's interrupt is for us to handle, and the end of a command is that of all that it started.
        session: background || streams === "pipe",
        waited: !background,
        launcher: host.launcher,
      });
    },
    processes: (jid, options) => listProcesses(host, { ...options, jid }),
    blockers: (jid, options) => findBlockers(host, jid, options),
    kill: async (jid, signal, options) => (await signalProcesses(host, jid, signal, options)).length,
  };
}

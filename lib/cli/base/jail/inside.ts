import type { HookCommand } from "../../../exec/commands.js";
import type { JailProcess } from "../../../lifecycle/port.js";
import type { Program, ProgramRequest } from "../../../machine/machine.js";

/** What happens inside jails: the part of the lifecycle's border that jail(8)'s steps need. */
export interface Inside {
  /** Starts a command in a jail; resolves when it is inside. @throws JailEntryError */
  start(jid: number, command: HookCommand): Promise<Program>;
  /** Whether the host has a user of this name. */
  knowsUser(name: string): Promise<boolean>;
  /** Starts a command of the host as another user or with an environment of its own; undefined: it is the machine's to do. */
  startOutside(request: ProgramRequest): Promise<Program | undefined>;
  /** The jail's own processes, without those of its children. */
  processes(jid: number): Promise<readonly JailProcess[]>;
  /** Sends them SIGTERM. */
  terminate(jid: number): Promise<void>;
  /** Removes the jail with all of its processes. */
  remove(jid: number): Promise<void>;
}

import type { JailCommand, JailProcess } from "../../../lifecycle/port.js";
import type { Program, ProgramRequest } from "../../../machine/machine.js";

/** What happens inside jails: the part of the lifecycle's border that jail(8)'s steps need. */
export interface Inside {
  /** Starts a command in a jail; resolves when it is inside. */
  start(jid: number, command: JailCommand): Promise<Program>;
  /** Starts a command of the host that is to have another user, or an environment of its own. */
  startOutside?(request: ProgramRequest): Promise<Program | undefined>;
  /** The jail's own processes, without those of its children. */
  processes(jid: number): Promise<readonly JailProcess[]>;
  /** Sends them SIGTERM. */
  terminate(jid: number): Promise<void>;
  /** Removes the jail with all of its processes. */
  remove(jid: number): Promise<void>;
}

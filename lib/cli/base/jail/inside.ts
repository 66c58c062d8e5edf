import type { JailCommand, JailProcess } from "../../../lifecycle/port.js";
import type { Watched } from "../../../machine/run.js";

/** What happens inside jails: the part of the lifecycle's border that jail(8)'s steps need. */
export interface Inside {
  /** Starts a command in a jail; resolves when it is inside. */
  start(jid: number, command: JailCommand): Promise<Watched & { readonly pid: number }>;
  /** The jail's own processes, without those of its children. */
  processes(jid: number): Promise<readonly JailProcess[]>;
  /** Sends them SIGTERM. */
  terminate(jid: number): Promise<void>;
}

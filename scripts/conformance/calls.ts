/** The calls of a process that scenarios are done by: the raw ones, of whatever kernel, by either face. */
import type {
  LocalKernel,
  RawIovec,
  RawIovecOutcome,
  RawKernel,
  RawOutcome,
  RawSysctlOutcome,
} from "../../lib/binding.js";

/** Which face of the calls is used. */
export type Face = "sync" | "async";

/** What steps ask of a kernel. */
export interface Calls {
  jailSet(iov: RawIovec, flags: number): Promise<RawIovecOutcome>;
  jailGet(iov: RawIovec, flags: number): Promise<RawIovecOutcome>;
  jailRemove(jid: number): Promise<RawOutcome>;
  jailRemoveJd(fd: number): Promise<RawOutcome>;
  close(fd: number): Promise<RawOutcome>;
  sysctl(name: string, value?: Uint8Array): Promise<RawSysctlOutcome>;
}

/** A kernel in this process, by its asynchronous face or by its synchronous one. */
export function callsOf(kernel: LocalKernel, face: Face): Calls {
  if (face === "async") return kernel satisfies RawKernel;
  return {
    jailSet: async (iov, flags) => kernel.jailSetSync(iov, flags),
    jailGet: async (iov, flags) => kernel.jailGetSync(iov, flags),
    jailRemove: async (jid) => kernel.jailRemoveSync(jid),
    jailRemoveJd: async (fd) => kernel.jailRemoveJdSync(fd),
    close: async (fd) => kernel.closeSync(fd),
    sysctl: async (name, value) => kernel.sysctlSync(name, value),
  };
}

/** The host that tests work on: this machine where it has jails, else a simulated one for each worker. */
import { JailStateError } from "../errors.js";
// The package itself, which brings the lifecycle.
import { JailHost } from "../index.js";

let native: JailHost | undefined;
let simulated: { readonly release: string | undefined; readonly host: JailHost } | undefined;

/** Whether tests work on this machine's own kernel: `BSDJAIL_KERNEL` decides, else what system this is. */
export function onOwnKernel(env: NodeJS.ProcessEnv = process.env): boolean {
  const { BSDJAIL_KERNEL: kernel } = env;
  if (kernel === "native") return true;
  if (kernel === "simulated") return false;
  if (kernel !== undefined && kernel !== "") {
    throw new JailStateError("ERR_JAIL_STATE", `BSDJAIL_KERNEL is "${kernel}": it can be "simulated" or "native"`);
  }
  const platform = process.platform as string;
  return platform === "freebsd" || platform === "dragonfly";
}

/**
 * This worker's host, made when it is first asked for. A simulated one that is asked for by another release than before
 * is another one.
 */
export function workerHost(release?: string): JailHost {
  if (onOwnKernel()) {
    native ??= JailHost.native();
    return native;
  }
  if (simulated === undefined || (release !== undefined && simulated.release !== release)) {
    simulated = { release, host: JailHost.simulated(release === undefined ? {} : { release }) };
  }
  return simulated.host;
}

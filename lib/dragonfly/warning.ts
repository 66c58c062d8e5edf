import { JailError } from "../errors.js";
import type { JailHost } from "../host.js";
import { type SharedLocalhost, sharedLocalhosts } from "./localhost.js";

/** Jails of a DragonFly BSD that have no localhost of their own; with a jid, what is wrong with that jail alone. */
function checkLocalhosts(host: JailHost, jid?: number): SharedLocalhost[] {
  const shared = sharedLocalhosts(host.listSync(["jid", "ip4.addr", "ip6.addr"]));
  return jid === undefined ? shared : shared.filter((each) => each.jid === jid);
}

/** A process warning (`process.on("warning")`, code `BSDJAIL_SHARED_LOCALHOST`) where a new jail shares its localhost. */
export function warnOfSharedLocalhost(host: JailHost, jid: number): void {
  try {
    for (const { message } of checkLocalhosts(host, jid)) {
      process.emitWarning(message, { type: "JailWarning", code: "BSDJAIL_SHARED_LOCALHOST" });
    }
  } catch (error) {
    // The jail is made; that it cannot be looked at is for the next call to say.
    if (!(error instanceof JailError)) throw error;
  }
}

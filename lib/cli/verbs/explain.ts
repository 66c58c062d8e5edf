import { JailError, JailParameterError, JailStateError } from "../../errors.js";
import type { JailHost } from "../../host.js";
import { nearest } from "../words.js";

/** Adds the way out to a failure, where one is known. */
export function explain(thrown: unknown, host: JailHost): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const hint = hintOf(thrown, host);
  return hint === undefined ? thrown : Object.assign(thrown, { hint });
}

function hintOf(error: Error, host: JailHost): string | undefined {
  if (error instanceof JailParameterError) return parameterHint(error);
  if (error instanceof JailStateError) {
    return error.code === "ERR_JAIL_LINGERS" ? "bsdjail list -a shows it until it is gone." : undefined;
  }
  if (!(error instanceof JailError)) return undefined;
  const { kernelMessage, code, parameter } = error;
  if (parameter !== undefined) return unknownParameterHint(parameter, host);
  if (/^new jail must persist/.test(kernelMessage))
    return "Leave nopersist out, or start it with a command: bsdjail jail.";
  if (code === "EEXIST") return "bsdjail set changes a jail that runs; bsdjail remove ends it.";
  if (code === "EPERM" && kernelMessage === "") {
    return "It takes root's rights, and no more than the parent jail has itself; jails in a jail take its children.max.";
  }
  if (code === "EADDRINUSE") return "Another jail has one of the addresses: bsdjail list.";
  if (code === "ENOENT" && error.syscall === "jail_get" && error.jail !== undefined)
    return missingJailHint(error.jail, host);
  return undefined;
}

function parameterHint({ rule }: JailParameterError): string | undefined {
  if (!rule.includes("without interface")) return undefined;
  return "The kernel takes addresses alone; interface and mask stand in jail.conf, and bsdjail up makes the alias.";
}

function unknownParameterHint(name: string, host: JailHost): string {
  const near = nearest(
    name,
    Array.from(host.parameters, (parameter) => parameter.name),
  );
  return near === undefined ? "bsdjail params lists those that this kernel has." : `Did you mean ${near}?`;
}

function missingJailHint(jail: string | number, host: JailHost): string {
  const names = host.listSync(["name"]).map((row) => row.name);
  const near = nearest(String(jail), names);
  if (near !== undefined) return `Did you mean "${near}"?`;
  return names.length === 0 ? "No jail runs." : "bsdjail list shows those that run.";
}

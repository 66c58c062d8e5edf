import { getSystemErrorMap } from "node:util";
import type { RawError } from "./binding.js";

/** What a {@link JailError} tells beside the kernel's answer. */
export interface JailErrorContext {
  /** The jail that was meant, by name or jid. */
  readonly jail?: string | number | undefined;
  /** Why it refused, where the kernel gives no reason of its own and it is known all the same. */
  readonly reason?: string | undefined;
}

/** libuv's words for an errno, for the many that the kernel gives without a text of its own. */
function words(code: string): string {
  for (const [name, text] of getSystemErrorMap().values()) if (name === code) return text;
  return "the kernel gave no reason";
}

/**
 * A system call that the kernel refused, in the shape of Node's system errors.
 *
 * `code` is FreeBSD's errno by name, `errno` its number there, negated; `kernelMessage` is what the kernel wrote to
 * `errmsg`, "" where it wrote nothing; `parameter` is the parameter that this text names. See `jail_set(2)`.
 */
export class JailError extends Error {
  /** FreeBSD's errno by name, `EPERM`. */
  readonly code: string;
  /** Its number on FreeBSD, negated as in Node's own errors. */
  readonly errno: number;
  /** The call that was refused, `jail_set`. */
  readonly syscall: string;
  /** What the kernel wrote to `errmsg`; "" where it wrote nothing. */
  readonly kernelMessage: string;
  /** The jail that was meant, by name or jid; undefined where the call was about none. */
  readonly jail: string | number | undefined;
  /** The parameter that the kernel's text names; undefined where it names none. */
  readonly parameter: string | undefined;

  constructor(error: RawError, context: JailErrorContext = {}) {
    const about = context.jail === undefined ? "" : ` '${context.jail}'`;
    const why = error.message === "" ? (context.reason ?? words(error.code)) : error.message;
    super(`${error.code}: ${why}, ${error.syscall}${about}`);
    this.code = error.code;
    this.errno = -error.errno;
    this.syscall = error.syscall;
    this.kernelMessage = error.message;
    this.jail = context.jail;
    this.parameter = /^unknown parameter: (\S+)/.exec(error.message)?.[1];
  }

  static {
    this.prototype.name = "JailError";
  }
}

/**
 * A value that was refused before any call: `parameter` and `value` are what was given, `rule` what it breaks.
 * `code` is `ERR_JAIL_PARAMETER`.
 */
export class JailParameterError extends TypeError {
  readonly code = "ERR_JAIL_PARAMETER";
  /** The parameter or option that was given. */
  readonly parameter: string;
  /** The value as it was given. */
  readonly value: unknown;
  /** What it breaks, and what would be taken. */
  readonly rule: string;

  constructor(parameter: string, value: unknown, rule: string) {
    const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
    super(`${/^[!-~]+$/.test(parameter) ? parameter : JSON.stringify(parameter)} cannot be ${shown}: ${rule}`);
    this.parameter = parameter;
    this.value = value;
    this.rule = rule;
  }

  static {
    this.prototype.name = "JailParameterError";
  }
}

/**
 * Why something could not be done that is not an answer of the kernel: `ERR_JAIL_UNSUPPORTED_PLATFORM` (this machine has no
 * jails), `ERR_JAIL_ADDON` (the addon does not load), `ERR_JAIL_SIMULATED` (the simulated machine cannot be opened),
 * `ERR_JAIL_STATE` (this program's environment or what it has loaded does not allow it), `ERR_JAIL_CHANGED` (the jid now
 * means another jail), `ERR_JAIL_LINGERS` (a removed jail is still held when the time is over), `ERR_JAIL_NO_RACCT` (the
 * kernel does not count what jails use).
 */
export type JailStateCode =
  | "ERR_JAIL_UNSUPPORTED_PLATFORM"
  | "ERR_JAIL_ADDON"
  | "ERR_JAIL_SIMULATED"
  | "ERR_JAIL_STATE"
  | "ERR_JAIL_CHANGED"
  | "ERR_JAIL_LINGERS"
  | "ERR_JAIL_NO_RACCT";

/** What is not an answer of the kernel. */
export class JailStateError extends Error {
  readonly code: JailStateCode;

  constructor(code: JailStateCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    this.prototype.name = "JailStateError";
  }
}

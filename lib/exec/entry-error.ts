import { constants } from "node:os";

/**
 * Why a command never began in a jail.
 *
 * `ERR_JAIL_NO_SUCH_USER` (the password file that was asked has no such user), `ERR_JAIL_NO_SUCH_COMMAND` (it is not in
 * the jail), `ERR_JAIL_CANNOT_RUN` (it is there, and is no program, not executable, a directory, or has too many
 * arguments), `ERR_JAIL_GONE` (the jail is not there any more, or is dying), `ERR_JAIL_ENTRY` (any other step failed).
 */
export type JailEntryCode =
  | "ERR_JAIL_NO_SUCH_USER"
  | "ERR_JAIL_NO_SUCH_COMMAND"
  | "ERR_JAIL_CANNOT_RUN"
  | "ERR_JAIL_GONE"
  | "ERR_JAIL_ENTRY";

/** The steps of entering a jail, in their order; `spawn` is the start of jail-exec itself. */
export type JailEntryStep =
  | "spawn"
  | "options"
  | "descriptors"
  | "host-user"
  | "terminal"
  | "fib"
  | "attach"
  | "directory"
  | "user"
  | "groups"
  | "class"
  | "limits"
  | "exec";

/** What is known of a failed step. */
export interface EntryFailure {
  readonly step: JailEntryStep;
  /** The errno by name; "" where no system call failed. */
  readonly errnoCode: string;
  /** In words: the user, the directory, the command. */
  readonly detail: string;
}

const GONE = new Set(["EINVAL", "ENOENT", "EBADF"]);

const CALLS: Readonly<Partial<Record<JailEntryStep, string>>> = {
  spawn: "spawn",
  descriptors: "close_range",
  "host-user": "getpwnam",
  terminal: "posix_openpt",
  fib: "setfib",
  attach: "jail_attach",
  directory: "chdir",
  user: "getpwnam",
  groups: "setgroups",
  class: "setusercontext",
  limits: "setrlimit",
  exec: "execve",
};

function codeOfFailure({ step, errnoCode }: EntryFailure): JailEntryCode {
  if ((step === "user" || step === "host-user") && errnoCode === "") return "ERR_JAIL_NO_SUCH_USER";
  if (step === "attach" && GONE.has(errnoCode)) return "ERR_JAIL_GONE";
  if (step === "exec") {
    return errnoCode === "ENOENT" || errnoCode === "ENOTDIR" ? "ERR_JAIL_NO_SUCH_COMMAND" : "ERR_JAIL_CANNOT_RUN";
  }
  // The kernel measures arguments and environment before anything of them is looked at.
  return step === "spawn" && errnoCode === "E2BIG" ? "ERR_JAIL_CANNOT_RUN" : "ERR_JAIL_ENTRY";
}

const WORDS: Readonly<Record<JailEntryCode, string>> = {
  ERR_JAIL_NO_SUCH_USER: "no such user",
  ERR_JAIL_NO_SUCH_COMMAND: "no such command",
  ERR_JAIL_CANNOT_RUN: "the command cannot be run",
  ERR_JAIL_GONE: "the jail is gone",
  ERR_JAIL_ENTRY: "the jail could not be entered",
};

/** A command never began: entering the jail, becoming its user or becoming the command failed. `jail_attach(2)`, `execve(2)`. */
export class JailEntryError extends Error {
  readonly code: JailEntryCode;
  /** Which step failed. */
  readonly step: JailEntryStep;
  /** The errno by name, `EACCES`; "" where no system call failed. */
  readonly errnoCode: string;
  /** Its number on this machine, negated as Node's system errors have it; 0 where no system call failed. */
  readonly errno: number;
  /** The system call that failed, `execve`. */
  readonly syscall: string;
  /** What it failed on, in words. */
  readonly detail: string;
  /** The jail, by name or jid. */
  readonly jail: string | number | undefined;

  constructor(failure: EntryFailure, jail?: string | number) {
    const { step, errnoCode, detail } = failure;
    const code = codeOfFailure(failure);
    const call = errnoCode === "" ? [] : [`${CALLS[step] ?? step} ${errnoCode}`];
    const about = [...call, ...(jail === undefined ? [] : [`jail '${jail}'`])].join(", ");
    super(`${WORDS[code]}: ${detail}${about === "" ? "" : ` (${about})`}`);
    this.code = code;
    this.step = step;
    this.errnoCode = errnoCode;
    this.errno = -((constants.errno as Record<string, number | undefined>)[errnoCode] ?? 0);
    this.syscall = CALLS[step] ?? step;
    this.detail = detail;
    this.jail = jail;
  }

  static {
    this.prototype.name = "JailEntryError";
  }
}

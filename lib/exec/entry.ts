/** What jail-exec is asked to enter and to become, and its words for that. */
import { constants } from "node:os";
import { checkSignal } from "../checks.js";
import { JailParameterError } from "../errors.js";

/** What makes a command end with whoever stands for it; macOS has nothing of the kind. */
export const DEPENDENT: NodeJS.Signals | undefined = process.platform === "darwin" ? undefined : "SIGKILL";

/** Where a command goes. */
export type EntryTarget =
  | { readonly jid: number }
  /** A jail descriptor of this process (FreeBSD 15). */
  | { readonly descriptor: number }
  /** Nowhere: a simulated jail, or the host itself. */
  | "outside"
  /** A jail that is made by `jail(2)` (DragonFly). */
  | {
      readonly path: string;
      readonly hostname: string;
      /** In the order in which `jail(2)` gets them. */
      readonly addresses: readonly string[];
    };

/** A command, and as what it enters. */
export interface Entry {
  readonly target: EntryTarget;
  /** The program, below the jail's root or looked for on the command's own PATH, and its arguments. */
  readonly argv: readonly string[];
  /** The name that the program sees as its own. Default: the first of `argv`. */
  readonly argv0?: string | undefined;
  /** Of the jail's password file, unless `hostUser`. Default: who runs this. */
  readonly user?: string | undefined;
  readonly hostUser?: boolean | undefined;
  /** What the environment starts from: a login's, what `base` says with the user's own on top, or nothing. */
  readonly environment: "login" | "base" | "none";
  /** With a user: start in the user's home. */
  readonly home?: boolean | undefined;
  /** The absolute directory in the jail to start in. Default: the jail's root. */
  readonly cwd?: string | undefined;
  /** The routing table. */
  readonly fib?: number | undefined;
  /** TERM of a login. */
  readonly term?: string | undefined;
  /** A terminal of its own. */
  readonly tty?: { readonly columns: number; readonly rows: number } | undefined;
  /** What the command gets when this process ends. `procctl(2)`, PROC_PDEATHSIG_CTL. */
  readonly parentDeathSignal?: NodeJS.Signals | undefined;
  /** Variables beneath the user's own, with `environment: "base"`. */
  readonly base?: Readonly<Record<string, string | undefined>> | undefined;
  /** Variables on top of all. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Checks what no system call would: a string with a NUL would be cut there. @throws JailParameterError */
function checkText(name: string, value: string): void {
  if (typeof value !== "string") throw new JailParameterError(name, value, "it must be a string");
  if (value.includes("\0"))
    throw new JailParameterError(name, value, "it has a NUL, which ends a string in a system call");
}

function checkNumber(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new JailParameterError(name, value, `it must be a whole number from ${low} to ${high}`);
}

const INT_MAX = 2 ** 31 - 1;
const SIZE_MAX = 65535;

/** Checks a command's strings and numbers. @throws JailParameterError naming what is wrong */
export function checkEntry(entry: Entry): void {
  const { argv, argv0, user, cwd, fib, term, tty, env, base, parentDeathSignal } = entry;
  if (argv.length === 0 || argv[0] === "") throw new JailParameterError("file", argv[0] ?? "", "it names no command");
  argv.forEach((word, at) => checkText(at === 0 ? "file" : `args[${at - 1}]`, word));
  for (const [name, value] of Object.entries({ argv0, user, cwd, term })) {
    if (value !== undefined) checkText(name, value);
  }
  if (user === "") throw new JailParameterError("user", user, "it names no user");
  if (cwd !== undefined && !cwd.startsWith("/"))
    throw new JailParameterError("cwd", cwd, "it must be absolute, as seen from inside the jail");
  if (fib !== undefined) checkNumber("fib", fib, 0, INT_MAX);
  if (tty !== undefined) {
    checkNumber("tty.columns", tty.columns, 0, SIZE_MAX);
    checkNumber("tty.rows", tty.rows, 0, SIZE_MAX);
  }
  checkSignal("parentDeathSignal", parentDeathSignal);
  for (const [name, value] of [...Object.entries(env ?? {}), ...Object.entries(base ?? {})]) {
    checkText("env", name);
    if (value !== undefined) checkText(`env.${name}`, String(value));
    if (name.includes("=")) throw new JailParameterError("env", name, "a variable's name has no =");
  }
}

function targetWords(target: EntryTarget, descriptor: number): string[] {
  if (target === "outside") return ["-o"];
  if ("jid" in target) return ["-j", String(target.jid)];
  if ("descriptor" in target) return ["-d", String(descriptor)];
  return ["-J", target.path, "-N", target.hostname, "-A", target.addresses.join(",")];
}

/** Where jail-exec finds its own descriptors, and which are the command's. */
export interface EntryDescriptors {
  readonly keep: readonly number[];
  readonly status: number;
  readonly jail: number;
}

/** The command line of jail-exec. */
export function entryWords(entry: Entry, { keep, status, jail }: EntryDescriptors): string[] {
  const { target, argv, argv0, user, cwd, fib, term, tty, parentDeathSignal, environment } = entry;
  const option = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [flag, value]);
  return [
    ...["-s", String(status), "-f", keep.join(",")],
    ...targetWords(target, jail),
    ...option(entry.hostUser ? "-U" : "-u", user),
    ...(environment === "login" ? ["-l", ...option("-T", term)] : []),
    ...(environment === "base" ? ["-i"] : []),
    ...(entry.home && cwd === undefined ? ["-H"] : option("-C", cwd)),
    ...option("-F", fib?.toString()),
    ...option("-t", tty && `${tty.columns}x${tty.rows}`),
    ...option("-p", parentDeathSignal && `${constants.signals[parentDeathSignal]}:${process.pid}`),
    ...option("-0", argv0),
    ...["-k", "NODE_CHANNEL_FD", "-k", "NODE_CHANNEL_SERIALIZATION_MODE"],
    ...["--", ...argv],
  ];
}

/** The environment of jail-exec: the command's, named so that nothing in it acts on jail-exec itself. */
export function entryEnvironment({ base, env }: Entry): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [prefix, variables] of [
    ["B", base],
    ["E", env],
  ] as const) {
    for (const [name, value] of Object.entries(variables ?? {})) {
      if (value !== undefined) named[`${prefix}:${name}`] = value;
    }
  }
  return named;
}

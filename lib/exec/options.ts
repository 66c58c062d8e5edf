import type { SpawnOptions, StdioOptions } from "node:child_process";
import { checkMilliseconds, checkSignal } from "../checks.js";
import { JailParameterError } from "../errors.js";
import type { Entry, EntryTarget } from "./entry.js";

/** As what, where and with what a command runs in a jail. */
export interface JailCommandOptions {
  /** A user of the jail's own password file. Default: who runs this, mostly root. */
  readonly user?: string | undefined;
  /** A user of the host's password file instead. */
  readonly hostUser?: string | undefined;
  /**
   * All of the command's variables. Default: those of a login of its user inside the jail (HOME, SHELL, PATH, USER, what
   * its login class says, and TERM), whatever this process has.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Start from this process's own variables, with HOME, SHELL and USER of the user and `env` on top. Default false. */
  readonly inheritEnv?: boolean | undefined;
  /**
   * A login, as `exec.clean` of jail(8) and `jexec -l`: its variables also where `env` is given, which comes on top, and the
   * user's home to start in. Default false.
   */
  readonly clean?: boolean | undefined;
  /** The absolute directory in the jail to start in. Default: `/`; with `clean` and a user the user's home. */
  readonly cwd?: string | undefined;
  /** The routing table. Default: this process's. `setfib(2)`. */
  readonly fib?: number | undefined;
  /** The name that the command sees as its own. Default: the file. */
  readonly argv0?: string | undefined;
  /** What the command gets when this process ends, however it ends. Default: nothing. `procctl(2)`, PROC_PDEATHSIG_CTL. */
  readonly parentDeathSignal?: NodeJS.Signals | undefined;
}

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Options of `Jail.spawn`: those of `child_process.spawn` that mean something in a jail, and who the command is. */
export interface JailSpawnOptions
  extends JailCommandOptions,
    Pick<SpawnOptions, "detached" | "signal" | "timeout" | "killSignal" | "serialization"> {
  readonly stdio?: StdioOptions | undefined;
  /**
   * A terminal of its own for the command, with its own session: `stdin` and `stdout` carry what is typed and shown, and
   * `resize` changes its size. `true`: as large as this process's own, or 80 by 24. Default false.
   */
  readonly tty?: boolean | TerminalSize | undefined;
}

/** Options of spawn and exec whose values are looked at before anything begins. */
interface CheckedOptions {
  readonly timeout?: unknown;
  readonly killSignal?: unknown;
  readonly maxBuffer?: unknown;
  readonly encoding?: unknown;
  readonly env?: unknown;
}

const COLUMNS = 80;
const ROWS = 24;

function terminalOf(tty: boolean | TerminalSize | undefined): TerminalSize | undefined {
  if (tty === undefined || tty === false) return undefined;
  if (tty !== true) return tty;
  return { columns: process.stdout.columns ?? COLUMNS, rows: process.stdout.rows ?? ROWS };
}

/**
 * Checks what the types of a command's arguments say: it would come out where nobody catches it, or not at all.
 *
 * @throws JailParameterError
 */
export function checkCommand(args: unknown, options: CheckedOptions): void {
  if (!Array.isArray(args))
    throw new JailParameterError("args", args, "they must be an array of strings; options come after them");
  const { timeout, killSignal, maxBuffer, encoding, env } = options;
  checkMilliseconds("timeout", timeout);
  if (typeof killSignal !== "number") checkSignal("killSignal", killSignal);
  if (maxBuffer !== undefined && !(typeof maxBuffer === "number" && maxBuffer >= 0))
    throw new JailParameterError("maxBuffer", maxBuffer, "it must be a number of bytes, from 0");
  if (encoding !== undefined && encoding !== "buffer" && !Buffer.isEncoding(String(encoding)))
    throw new JailParameterError("encoding", encoding, 'it must be "buffer" or an encoding of Buffer');
  if (env !== undefined && (typeof env !== "object" || env === null))
    throw new JailParameterError("env", env, "it must be an object, a property for each variable");
}

/** What is entered, and as what. @throws JailParameterError where options exclude each other */
export function commandEntry(
  target: EntryTarget,
  argv: readonly string[],
  options: JailCommandOptions & Pick<JailSpawnOptions, "tty">,
): Entry {
  const { user, hostUser, env, inheritEnv, clean, cwd, fib, argv0, parentDeathSignal, tty } = options;
  if (user !== undefined && hostUser !== undefined)
    throw new JailParameterError("hostUser", hostUser, "user is given too, and a command is one user's");
  if (inheritEnv && clean) throw new JailParameterError("clean", clean, "inheritEnv is the opposite of it");
  const named = user ?? hostUser;
  const login = clean || (env === undefined && !inheritEnv);
  return {
    target,
    argv,
    argv0,
    user: named,
    hostUser: hostUser !== undefined,
    environment: login ? "login" : inheritEnv && named !== undefined ? "base" : "none",
    home: clean === true && named !== undefined,
    cwd,
    fib,
    term: process.env.TERM,
    tty: terminalOf(tty),
    parentDeathSignal,
    base: inheritEnv && named !== undefined ? process.env : undefined,
    env: inheritEnv && named === undefined ? { ...process.env, ...env } : env,
  };
}

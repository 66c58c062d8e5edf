/** The one place that starts jail-exec and reads its status channel. */
import {
  type ChildProcess,
  type SpawnOptions,
  type SpawnSyncOptions,
  type SpawnSyncReturns,
  type StdioOptions,
  spawn,
  spawnSync,
} from "node:child_process";
import type { Duplex, Readable, Writable } from "node:stream";
import { JailStateError } from "../errors.js";
import { jailExecPath } from "../native.js";
import { checkEntry, type Entry, entryEnvironment, entryWords } from "./entry.js";
import { JailEntryError, type JailEntryStep } from "./entry-error.js";

/** A command in a jail: a `ChildProcess`, and what only a command in a jail has. */
export interface JailChildProcess extends ChildProcess {
  /** Resolves once the command runs in the jail; rejects with a JailEntryError where it never did. */
  readonly entered: Promise<void>;
  /** Changes the size of its terminal. Nothing happens without one (`tty`). */
  resize(columns: number, rows: number): void;
  /** Signals the command and, where it is `detached`, all that is left of its process group. False where nobody is left. */
  killGroup(signal: NodeJS.Signals): boolean;
}

/** The same, with its standard streams as pipes. */
export interface JailChildProcessWithStreams extends JailChildProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
}

/** How a command is started, beside what it is. As of `child_process.spawn`. */
export interface LaunchOptions
  extends Pick<SpawnOptions, "detached" | "signal" | "timeout" | "killSignal" | "serialization"> {
  readonly stdio?: StdioOptions | undefined;
  /** The path of jail-exec. Default: the one beside the addon. */
  readonly helper?: string | undefined;
  /** The jail, as errors name it. */
  readonly jail?: string | number | undefined;
  /** `detached`, and yet waited for: its own process group is wanted, not a life of its own. */
  readonly waited?: boolean | undefined;
  /** Told of each record on the status channel. */
  readonly onRecord?: ((fields: readonly string[]) => void) | undefined;
}

/** Starts a command. @throws JailParameterError, JailStateError, JailEntryError (arguments beyond what the kernel takes) */
export type Launcher = (entry: Entry, options: LaunchOptions) => JailChildProcess;

/** What {@link launchSync} adds to the answer of `spawnSync`. */
export interface LaunchedSync extends SpawnSyncReturns<Buffer> {
  readonly failure?: JailEntryError;
}

type Stdio = Exclude<StdioOptions, string>[number];

/** Each descriptor's place, as Node fills it up. */
export function stdioList(stdio: StdioOptions | undefined): Stdio[] {
  const given = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  while (given.length < 3) given.push(undefined);
  return given.map((each, at) => each ?? (at < 3 ? "pipe" : "ignore"));
}

function helperPath(): string {
  const helper = jailExecPath();
  if (helper !== undefined) return helper;
  throw new JailStateError(
    "ERR_JAIL_ADDON",
    "jail-exec, which enters jails, was not built: npm rebuild bsdjail --foreground-scripts",
  );
}

function arrangement(entry: Entry, own: readonly Stdio[]) {
  const status = own.length;
  const keep = own.flatMap((each, at) => (each === "ignore" && at > 2 ? [] : [at]));
  const byDescriptor =
    typeof entry.target === "object" && "descriptor" in entry.target ? entry.target.descriptor : undefined;
  return {
    words: entryWords(entry, { keep, status, jail: status + 1 }),
    env: entryEnvironment(entry),
    stdio: [...own, "pipe" as const, ...(byDescriptor === undefined ? [] : [byDescriptor])],
    status,
  };
}

/** What kept jail-exec itself from starting. */
function notStarted(thrown: unknown, entry: Entry, jail: string | number | undefined): JailEntryError {
  const code = (thrown as NodeJS.ErrnoException).code ?? "EIO";
  return new JailEntryError({ step: "spawn", errnoCode: code, detail: entry.argv[0] ?? "" }, jail);
}

function failureIn(record: string, jail: string | number | undefined): JailEntryError | undefined {
  const [kind, step = "", , errnoCode = "", ...detail] = record.split("\t");
  if (kind !== "failed") return undefined;
  return new JailEntryError({ step: step as JailEntryStep, errnoCode, detail: detail.join("\t") }, jail);
}

/** Enters a jail of this machine and becomes a command, by jail-exec. */
export const launch: Launcher = (entry, options) => {
  checkEntry(entry);
  const { stdio: wanted, jail, onRecord, helper = helperPath(), waited: _, ...rest } = options;
  const own = stdioList(wanted);
  const { words, env, stdio, status } = arrangement(entry, own);
  let child: ChildProcess;
  try {
    child = spawn(helper, words, { ...rest, env, stdio });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).syscall?.startsWith("spawn")) throw notStarted(thrown, entry, jail);
    throw thrown;
  }
  const channel = child.stdio[status] as Duplex | null;
  return new Entering(child, entry, own.length, channel, jail, onRecord, options.detached === true).child;
};

/** {@link launch}, waiting for the command's end. */
export function launchSync(
  entry: Entry,
  options: LaunchOptions & Pick<SpawnSyncOptions, "input" | "maxBuffer">,
): LaunchedSync {
  checkEntry(entry);
  const { stdio: wanted, jail, helper = helperPath(), input, maxBuffer, timeout, killSignal } = options;
  const own = stdioList(wanted);
  const { words, env, stdio, status } = arrangement(entry, own);
  const answer = spawnSync(helper, words, { input, maxBuffer, timeout, killSignal, env, stdio, encoding: "buffer" });
  const records = String(answer.output?.[status] ?? "").split("\0");
  answer.output?.splice(own.length);
  if (answer.pid === 0 && answer.error !== undefined)
    return { ...answer, failure: notStarted(answer.error, entry, jail) };
  const failure = records.map((record) => failureIn(record, jail)).find((each) => each !== undefined);
  return failure === undefined ? answer : { ...answer, failure };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    // Nobody left in the group.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/** Follows jail-exec until it has become the command, and makes its process the command's in the eyes of whoever has it. */
class Entering {
  readonly child: JailChildProcess;
  readonly #entry: Entry;
  readonly #channel: Duplex | null;
  readonly #jail: string | number | undefined;
  readonly #onRecord: ((fields: readonly string[]) => void) | undefined;
  readonly #emit: ChildProcess["emit"];
  #text = "";
  #executing = false;
  #settled = false;
  #held: unknown[] | undefined;
  #resolve: () => void = () => {};
  #reject: (reason: JailEntryError) => void = () => {};

  constructor(
    child: ChildProcess,
    entry: Entry,
    own: number,
    channel: Duplex | null,
    jail: string | number | undefined,
    onRecord: ((fields: readonly string[]) => void) | undefined,
    detached: boolean,
  ) {
    this.#entry = entry;
    this.#channel = channel;
    this.#jail = jail;
    this.#onRecord = onRecord;
    this.#emit = child.emit.bind(child);
    const entered = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever listens to "error" need not ask for this too.
    entered.catch(() => undefined);
    child.emit = this.#passOn.bind(this) as ChildProcess["emit"];
    const [file = ""] = entry.argv;
    // Node refs and unrefs the process alone.
    const both = (what: "ref" | "unref") => {
      const original = child[what].bind(child);
      return () => {
        original();
        (channel as unknown as { [key in "ref" | "unref"]?: () => void } | null)?.[what]?.();
      };
    };
    this.child = Object.assign(child, {
      entered,
      resize: (columns: number, rows: number) => this.#resize(columns, rows),
      killGroup: (signal: NodeJS.Signals) => (detached ? killGroup(child, signal) : child.kill(signal)),
      ref: both("ref"),
      unref: both("unref"),
      spawnfile: file,
      spawnargs: [entry.argv0 ?? file, ...entry.argv.slice(1)],
    });
    (child.stdio as unknown[]).length = own;
    channel?.on("data", (bytes: Buffer) => this.#read(bytes.toString("utf8")));
    channel?.on("error", () => undefined);
    channel?.once("close", () => this.#closed());
  }

  /** Whether jail-exec failed is known only when the channel has closed: its exit status waits for that. */
  #passOn(event: string, ...args: unknown[]): boolean {
    const emit = this.#emit as (event: string, ...args: unknown[]) => boolean;
    if (event === "exit" && !this.#settled && this.#channel !== null) {
      this.#held = args;
      return true;
    }
    if (event === "error" && this.child.pid === undefined && !this.#settled) {
      const failure = notStarted(args[0], this.#entry, this.#jail);
      this.#settled = true;
      this.#reject(failure);
      return emit(event, failure);
    }
    return emit(event, ...args);
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf("\0"); end !== -1; end = this.#text.indexOf("\0")) {
      const record = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#onRecord?.(record.split("\t"));
      const failure = failureIn(record, this.#jail);
      if (failure !== undefined) this.#settle(failure);
      if (record === "started") this.#settle(undefined);
      if (record === "exec") this.#executing = true;
    }
  }

  #closed(): void {
    if (this.#settled) return;
    const { signalCode, exitCode } = this.child;
    // Without a word: it was ended before it had come far enough for one.
    const how = signalCode ?? (exitCode === null ? "a signal" : `status ${exitCode}`);
    const lost = { step: "spawn", errnoCode: "", detail: `ended by ${how} before the command began` } as const;
    this.#settle(this.#executing ? undefined : new JailEntryError(lost, this.#jail));
  }

  #settle(failure: JailEntryError | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    if (failure === undefined) {
      this.#resolve();
    } else {
      this.#reject(failure);
      // An end that was asked for is no error.
      if (failure.step !== "spawn") (this.#emit as (event: string, error: Error) => boolean)("error", failure);
    }
    if (this.#held !== undefined) (this.#emit as (event: string, ...args: unknown[]) => boolean)("exit", ...this.#held);
  }

  #resize(columns: number, rows: number): void {
    checkEntry({ ...this.#entry, tty: { columns, rows } });
    const open = this.#entry.tty !== undefined && this.#channel !== null && !this.#channel.destroyed;
    if (open && this.#channel.writable) this.#channel.write(`size ${columns} ${rows}\n`);
  }
}

import { constants } from "node:os";
import { Readable } from "node:stream";
import { types } from "node:util";
import type { RawOutcome, SimulatedControls } from "../../binding.js";
import { signalNumber } from "../../strerror.js";
import { checkEntry, type Entry } from "../entry.js";
import { type EntryFailure, type JailEntryCode, JailEntryError } from "../entry-error.js";
import {
  type JailChildProcess,
  type LaunchedSync,
  type Launcher,
  type LaunchOptions,
  launch,
  launchSync,
  stdioList,
} from "../launch.js";
import { asChildProcess, Collected, SimulatedChild } from "./child.js";
import type { CommandAnswer, CommandFunction, SimulatedCommand, SimulatedCommands } from "./command.js";

/** How often processes that somebody else may have ended are looked at, in milliseconds. */
const LOOK_MS = 20;
const NEVER = new AbortController().signal;
const UIDS: Readonly<Record<string, number>> = { root: 0, toor: 0, www: 80, nobody: 65534 };
const SOME_UID = 1001;

const FAILURES: Readonly<Record<JailEntryCode, EntryFailure>> = {
  ERR_JAIL_NO_SUCH_USER: { step: "user", errnoCode: "", detail: "no such user in the jail's password file" },
  ERR_JAIL_NO_SUCH_COMMAND: { step: "exec", errnoCode: "ENOENT", detail: "not found" },
  ERR_JAIL_CANNOT_RUN: { step: "exec", errnoCode: "EACCES", detail: "is not executable" },
  ERR_JAIL_GONE: { step: "attach", errnoCode: "EINVAL", detail: "jail" },
  ERR_JAIL_ENTRY: { step: "attach", errnoCode: "EPERM", detail: "jail" },
};

/** A simulated process that this process follows. */
interface Followed {
  readonly pid: number;
  readonly keepsUp: () => boolean;
  /** It is gone; the last signal that it was sent from here. */
  readonly gone: (signal: NodeJS.Signals) => void;
  signal: NodeJS.Signals;
}

/** Starts commands in the jails of a simulated host. */
export class SimulatedRunner {
  /** What was started, in order. */
  readonly commands: SimulatedCommand[] = [];
  readonly #controls: SimulatedControls;
  readonly #does: SimulatedCommands;
  readonly #nameOf: (jid: number) => string;
  readonly #followed = new Map<number, Followed>();
  #timer: NodeJS.Timeout | undefined;

  constructor(controls: SimulatedControls, does: SimulatedCommands, nameOf: (jid: number) => string) {
    this.#controls = controls;
    this.#does = does;
    this.#nameOf = nameOf;
  }

  readonly launch: Launcher = (entry, options) => {
    checkEntry(entry);
    const command = this.#enter(entry, options);
    const stdio = stdioList(options.stdio);
    if (command instanceof JailEntryError) return this.#failed(entry, stdio, command);
    if (this.#does === "host") return this.#onHost(command, entry, options);
    const life = {
      pid: command.pid,
      kill: (signal: NodeJS.Signals | number) => this.kill(command.pid, signal),
      ended: () => {
        this.#forget(command.pid);
        this.#controls.exit(command.pid);
      },
    };
    const child = new SimulatedChild(entry.argv, stdio, life);
    const answer = this.#answer(command, child);
    if (isFailure(answer)) child.refuse(new JailEntryError(FAILURES[answer.fails], command.jail));
    this.#live(child, command, options, answer);
    return asChildProcess(child);
  };

  /** {@link launch}, waiting for the command's end. @throws TypeError where a function answers with a promise */
  launchSync(entry: Entry, options: Parameters<typeof launchSync>[1]): LaunchedSync {
    checkEntry(entry);
    const command = this.#enter(entry, options);
    const empty = { pid: 0, output: [], stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), signal: null };
    if (command instanceof JailEntryError) return { ...empty, status: 125, failure: command };
    try {
      if (this.#does === "host") return launchSync({ ...entry, target: "outside" }, options);
      const [stdout, stderr] = [new Collected(), new Collected()];
      const stdin = Readable.from(options.input === undefined ? [] : [options.input]);
      const answer = this.#does === "record" ? {} : this.#does(command, { stdin, stdout, stderr, killed: NEVER });
      if (types.isPromise(answer))
        throw new TypeError("execSync waits for no promise: this command's answer must not be one");
      const { exitCode = 0, signal = null, fails, ...written } = answer ?? {};
      if (written.stdout !== undefined) stdout.write(written.stdout);
      if (written.stderr !== undefined) stderr.write(written.stderr);
      const [out, err] = [stdout.bytes(), stderr.bytes()];
      const ended = { status: signal === null ? exitCode : null, signal };
      const failure = fails && { failure: new JailEntryError(FAILURES[fails], command.jail) };
      return { ...ended, pid: command.pid, stdout: out, stderr: err, output: [null, out, err], ...failure };
    } finally {
      this.#controls.exit(command.pid);
    }
  }

  /** Signals a simulated process; whether it was there. */
  kill(pid: number, signal: NodeJS.Signals | number): boolean {
    const name = typeof signal === "number" ? nameOfSignal(signal) : signal;
    const followed = this.#followed.get(pid);
    if (followed !== undefined && name !== undefined) followed.signal = name;
    const { hostPid = 0 } = this.#controls.processes().find((each) => each.pid === pid) ?? {};
    if (hostPid > 0) return killHostProcess(hostPid, name ?? 0);
    const sent = this.#controls.kill(pid, name === undefined ? 0 : signalNumber(name)).error === undefined;
    this.look();
    return sent;
  }

  /** Looks which processes are gone; whoever has ended some calls it, so that it is known at once. */
  look(signal?: NodeJS.Signals): void {
    if (this.#followed.size > 0) {
      const there = new Set(this.#controls.processes().map(({ pid }) => pid));
      for (const followed of [...this.#followed.values()]) {
        if (there.has(followed.pid)) continue;
        this.#followed.delete(followed.pid);
        followed.gone(signal ?? followed.signal);
      }
    }
    this.#schedule();
  }

  #enter(entry: Entry, options: LaunchOptions): SimulatedCommand | JailEntryError {
    const jid = typeof entry.target === "object" && "jid" in entry.target ? entry.target.jid : 0;
    const jail = String(options.jail ?? "");
    const { user = "root" } = entry;
    const wanted = { jid, user, uid: UIDS[user] ?? SOME_UID, command: entry.argv.join(" "), attaches: true };
    const started: RawOutcome = this.#controls.spawn(wanted);
    if (started.error !== undefined) {
      return new JailEntryError(
        { step: "attach", errnoCode: attachCode(started.error.code), detail: `jail ${jid}` },
        jail || jid,
      );
    }
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...entry.base, ...entry.env }))
      if (value !== undefined) env[name] = value;
    const command: SimulatedCommand = {
      pid: started.value,
      jid,
      jail: jail || this.#nameOf(jid),
      argv: [...entry.argv],
      user: entry.user,
      hostUser: entry.hostUser === true,
      cwd: entry.cwd,
      fib: entry.fib,
      env,
      tty: entry.tty !== undefined,
      detached: options.detached === true && !options.waited,
    };
    this.commands.push(command);
    return command;
  }

  #answer(command: SimulatedCommand, child: SimulatedChild): ReturnType<CommandFunction> {
    if (typeof this.#does !== "function") return { stays: command.detached };
    try {
      return this.#does(command, child.streams);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #failed(entry: Entry, stdio: ReturnType<typeof stdioList>, failure: JailEntryError): JailChildProcess {
    const life = { pid: undefined, kill: () => false, ended() {} };
    return asChildProcess(new SimulatedChild(entry.argv, stdio, life).refuse(failure));
  }

  /** Lets a simulated command run until it has answered, or is ended. */
  #live(
    child: SimulatedChild,
    { pid }: SimulatedCommand,
    options: LaunchOptions,
    answer: ReturnType<CommandFunction>,
  ): void {
    const { signal, timeout, killSignal = "SIGTERM" } = options;
    this.#follow(
      pid,
      () => child.held,
      (by) => child.finish(null, by),
    );
    const end = () => void child.kill(killSignal);
    const onAbort = () => {
      end();
      const reason = { cause: signal?.reason };
      child.emit(
        "error",
        Object.assign(new Error("The operation was aborted", reason), { name: "AbortError", code: "ABORT_ERR" }),
      );
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) process.nextTick(onAbort);
    const timer = timeout ? setTimeout(end, timeout) : undefined;
    child.once("exit", () => {
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    });
    const settle = (given: CommandAnswer | undefined) => {
      if (child.over) return;
      if (given?.fails !== undefined) {
        child.fail(new JailEntryError(FAILURES[given.fails], options.jail));
        return;
      }
      const { stdout = "", stderr = "", exitCode = 0, signal: by, stays } = given ?? {};
      if (stdout.length > 0) child.streams.stdout.write(stdout);
      if (stderr.length > 0) child.streams.stderr.write(stderr);
      if (stays) return;
      if (by === undefined) child.finish(exitCode, null);
      else child.finish(null, by);
    };
    if (types.isPromise(answer)) {
      answer.then(settle, (reason: unknown) => {
        if (child.over) return;
        // A function that fails is a mistake of whoever wrote it: said wherever somebody looks.
        const error = reason instanceof Error ? reason : new Error(String(reason));
        child.streams.stderr.write(`${error.stack}\n`);
        try {
          child.emit("error", error);
        } finally {
          child.finish(1, null);
        }
      });
    } else setImmediate(() => settle(answer));
  }

  /** Really runs it on this machine; the simulated process, which holds the jail, ends with it and it with that. */
  #onHost(stand: SimulatedCommand, entry: Entry, options: LaunchOptions): JailChildProcess {
    let child: JailChildProcess;
    try {
      child = launch({ ...entry, target: "outside" }, { ...options, jail: stand.jail });
      if (child.pid !== undefined) {
        const { jid, user = "root", argv } = stand;
        const inside = { jid, user, uid: UIDS[user] ?? SOME_UID, command: argv.join(" "), hostPid: child.pid };
        const same = this.#controls.spawn({ ...inside, pid: child.pid });
        const { value: pid } = same.error === undefined ? same : this.#controls.spawn(inside);
        this.#follow(
          pid,
          () => false,
          (by) => void child.kill(by),
        );
        child.prependOnceListener("exit", () => {
          this.#forget(pid);
          this.#controls.exit(pid);
        });
      }
    } finally {
      this.#controls.exit(stand.pid);
    }
    return child;
  }

  #follow(pid: number, keepsUp: () => boolean, gone: (signal: NodeJS.Signals) => void): void {
    this.#followed.set(pid, { pid, keepsUp, gone, signal: "SIGKILL" });
    this.#schedule();
  }

  #forget(pid: number): void {
    this.#followed.delete(pid);
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#followed.size === 0) return;
    this.#timer = setTimeout(() => this.look(), LOOK_MS);
    if (![...this.#followed.values()].some(({ keepsUp }) => keepsUp())) this.#timer.unref();
  }
}

/** Signals a process of this machine that stands for a simulated one; whether it was there. */
export function killHostProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

function isFailure(answer: unknown): answer is { fails: JailEntryCode } {
  return typeof answer === "object" && answer !== null && (answer as CommandAnswer).fails !== undefined;
}

/** What `jail_attach(2)` says where a process could not be put into a jail. */
function attachCode(code: string): string {
  return code === "ENOENT" ? "EINVAL" : code;
}

function nameOfSignal(number: number): NodeJS.Signals | undefined {
  return (Object.entries(constants.signals).find(([, value]) => value === number) ?? [])[0] as
    | NodeJS.Signals
    | undefined;
}

import { StringDecoder } from "node:string_decoder";
import type { AppendFile, Machine, MountEntry, ProgramOutput } from "../../machine/machine.js";
import { type RunOptions, type RunResult, watchProgram } from "../../machine/run.js";
import type { LifecycleEvent } from "../events.js";
import type { HookCommand } from "../hook.js";
import type { Books } from "../ledger/books.js";
import type { Ledger } from "../ledger/ledger.js";
import type { SharedUses } from "../ledger/uses.js";
import { JailLog } from "../logs/log.js";
import type { JailPort } from "../port.js";
import type { JailSpec } from "../spec.js";
import { type CommandRequest, type Direction, type StepContext, StepError } from "../steps/kind.js";
import type { StepName } from "../steps/table.js";
import type { Limiter } from "./limiter.js";

/** What all jails of a run share. */
export interface Engine {
  readonly machine: Machine;
  readonly jails: JailPort;
  readonly books: Books;
  readonly uses: SharedUses;
  readonly limiter: Limiter;
  readonly emit: (event: LifecycleEvent) => void;
  /** Stops the run. */
  readonly signal: AbortSignal;
  /** Ends what only waits: when the run is stopped, and when its time is over. */
  readonly waiting: AbortSignal;
  /** The clock's time at which all is to be over; undefined: no limit. */
  readonly deadline: number | undefined;
  /** `"inherit"`: commands get this process's own streams, as jail(8)'s do. */
  readonly streams: "pipe" | "inherit";
  /** Bytes of each stream that an event keeps. */
  readonly keepBytes: number;
  /** Milliseconds between TERM and KILL. */
  readonly killAfterMs: number;
  /** What commands write is kept. */
  readonly logs: boolean;
  /** Milliseconds for each command of a jail that has no exec.timeout; undefined: no limit. */
  readonly timeoutMs: number | undefined;
}

/** What is still done when the time for all is over gets this long. */
const LEAST_MS = 1000;

/** One jail's run. */
export class JailContext implements StepContext {
  readonly spec: JailSpec;
  readonly ledger: Ledger;
  readonly assumeOurs: boolean;
  readonly logOffsets = new Map<string, number>();
  readonly log: JailLog | undefined;
  jid: number | undefined;
  alive = false;
  temporaryPersist = false;
  signal: AbortSignal | undefined;
  /** The step that runs now, and which way it goes. */
  step: StepName | undefined;
  direction: Direction = "up";
  /** Milliseconds that the step of now waited for its turn. */
  queuedMs = 0;
  readonly #engine: Engine;

  constructor(engine: Engine, spec: JailSpec, ledger: Ledger, assumeOurs = false) {
    this.#engine = engine;
    this.spec = spec;
    this.ledger = ledger;
    this.assumeOurs = assumeOurs;
    this.signal = engine.signal;
    if (engine.logs) this.log = new JailLog(engine.machine, engine.books.logPath(spec.name));
  }

  get machine(): Machine {
    return this.#engine.machine;
  }

  get jails(): JailPort {
    return this.#engine.jails;
  }

  get books(): Books {
    return this.#engine.books;
  }

  get uses(): SharedUses {
    return this.#engine.uses;
  }

  get hookTimeoutMs(): number | undefined {
    return this.spec.hookTimeoutMs ?? this.#engine.timeoutMs;
  }

  remainingMs(): number | undefined {
    const { deadline, machine } = this.#engine;
    return deadline === undefined ? undefined : deadline - machine.clock();
  }

  patienceMs(most: number): number {
    return Math.min(most, Math.max(this.remainingMs() ?? most, LEAST_MS));
  }

  mounts(): Promise<readonly MountEntry[]> {
    return this.machine.mounts();
  }

  run({ argv, hook }: CommandRequest): Promise<RunResult> {
    const { spec, machine } = this;
    const variables = {
      ...(this.jid === undefined ? {} : { JID: String(this.jid) }),
      JNAME: spec.name,
      JPATH: spec.path ?? "",
    };
    const inherit = hook !== undefined && this.#engine.streams === "inherit";
    const request = {
      argv,
      ...(hook === undefined ? {} : { env: variables }),
      ...(hook !== undefined && spec.clean ? { clean: true } : {}),
      ...(hook !== undefined && spec.systemUser !== undefined ? { user: spec.systemUser } : {}),
      ...(hook?.background ? { background: true } : {}),
      ...(inherit ? { streams: "inherit" as const } : {}),
    };
    return this.#turn(async () => {
      const program = await machine.start(request, { signal: this.signal });
      if (!hook?.background) return watchProgram(machine, argv, program, this.#watching(hook !== undefined));
      program.release();
      return inBackground(argv);
    });
  }

  runInJail(
    command: HookCommand,
    more: { readonly user?: string | undefined; readonly timeoutMs?: number } = {},
  ): Promise<RunResult> {
    const { spec, machine, jid } = this;
    const { argv, background } = command;
    return this.#turn(async () => {
      // Jail 0 is the host.
      if (jid === undefined) throw new StepError("ESRCH", `${argv.join(" ")}: the jail is not there`);
      const log = await this.#consoleLog();
      const from = log === undefined ? 0 : await this.#markConsole("from");
      try {
        const program = await this.jails.start(
          jid,
          {
            argv,
            user: more.user ?? spec.jailUser,
            hostUser: spec.systemJailUser,
            clean: spec.clean,
            fib: spec.fib,
            background,
            dependent: !background,
            outputFd: log?.fd,
            streams: this.#engine.streams,
          },
          { signal: this.signal },
        );
        if (background) {
          program.release();
          return inBackground(argv);
        }
        const watching = this.#watching(true, more.timeoutMs);
        const written: Promise<void>[] = [];
        const onOutput = (piece: ProgramOutput) => {
          watching.onOutput?.(piece);
          if (log !== undefined) written.push(log.append(piece.bytes));
        };
        const result = await watchProgram(machine, argv, program, { ...watching, onOutput });
        await Promise.all(written);
        return log === undefined || result.stdout !== "" ? result : { ...result, ...(await this.#written(from)) };
      } finally {
        if (log !== undefined) await this.#markConsole("to");
        await log?.close();
      }
    });
  }

  /** Notes where a command's part of the console log begins or ends. */
  async #markConsole(end: "from" | "to"): Promise<number> {
    const { consoleLog: path = "" } = this.spec;
    const size = (await this.machine.stat(path, { follow: true }))?.size ?? 0;
    const { step, direction } = this;
    if (step !== undefined) await this.log?.write({ step, direction, console: { path, [end]: size } });
    return size;
  }

  /** What a command wrote to the console log, as its event tells it. */
  async #written(from: number): Promise<Pick<RunResult, "stdout" | "truncated">> {
    const { consoleLog: path = "" } = this.spec;
    const most = this.#engine.keepBytes;
    const size = (await this.machine.stat(path, { follow: true }))?.size ?? 0;
    if (size <= from) return { stdout: "", truncated: false };
    const bytes = await this.machine.readFile(path, { from, most });
    return { stdout: Buffer.from(bytes).toString("utf8"), truncated: size - from > most };
  }

  async #consoleLog(): Promise<AppendFile | undefined> {
    const { consoleLog, path } = this.spec;
    if (consoleLog === undefined) return undefined;
    return this.machine.openAppend(consoleLog, path, { signal: this.signal });
  }

  /** What is taken back is not cut short by the time for all; hooks on the way are, down to a moment each. */
  #watching(hook: boolean, timeoutMs = this.hookTimeoutMs): RunOptions {
    const left = hook || this.direction === "up" ? this.remainingMs() : undefined;
    const limits = [timeoutMs, left === undefined ? undefined : Math.max(left, LEAST_MS)].filter(
      (limit) => limit !== undefined,
    );
    const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
    return {
      signal: this.signal,
      timeoutMs: limits.length === 0 ? undefined : Math.min(...limits),
      killAfterMs: this.#engine.killAfterMs,
      keepBytes: this.#engine.keepBytes,
      onOutput: ({ stream, bytes }) => {
        // Of other programs the step's event tells what matters.
        if (!hook) return;
        // A character may come in two pieces.
        const text = decoders[stream].write(Buffer.from(bytes));
        if (this.step === undefined || text === "") return;
        void this.log?.write({ step: this.step, direction: this.direction, stream, text });
        this.#engine.emit({
          type: "output",
          jail: this.spec.name,
          at: this.machine.now(),
          step: this.step,
          stream,
          text,
        });
      },
    };
  }

  #turn(work: () => Promise<RunResult>): Promise<RunResult> {
    const asked = this.machine.clock();
    return this.#engine.limiter.run(
      () => {
        this.queuedMs += this.machine.clock() - asked;
        return work();
      },
      this.signal === undefined ? undefined : this.#engine.waiting,
    );
  }
}

/** What is known of a command that nobody waits for. */
function inBackground(argv: readonly string[]): RunResult {
  const nothing = { stdout: "", stderr: "", truncated: false, timedOut: false, aborted: false, durationMs: 0 };
  return { argv, status: 0, signal: null, ...nothing };
}

import { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { writeSync } from "node:fs";
import { PassThrough, type Readable, Writable } from "node:stream";
import type { JailEntryError } from "../entry-error.js";
import type { JailChildProcess, stdioList } from "../launch.js";
import type { CommandStreams } from "./command.js";

// As jail-exec ends.
const NOT_ENTERED = 125;
const NOT_FOUND = 127;

type Stdio = ReturnType<typeof stdioList>[number];

/** Where what a command writes goes: to a stream of the child, to one of this process, or nowhere. */
function sink(
  stdio: Stdio,
  own: NodeJS.WriteStream & { readonly fd: number },
): { readonly to: Writable; readonly shown: Readable | null } {
  if (stdio === "pipe" || stdio === "overlapped") {
    const stream = new PassThrough();
    return { to: stream, shown: stream };
  }
  const fd = stdio === "inherit" ? own.fd : typeof stdio === "number" ? stdio : undefined;
  const target = typeof stdio === "object" && stdio !== null ? (stdio as unknown as Writable) : undefined;
  const to = new Writable({
    write(bytes, _encoding, done) {
      if (fd === own.fd) own.write(bytes);
      else if (fd !== undefined) writeSync(fd, bytes);
      else target?.write(bytes);
      done();
    },
  });
  return { to, shown: null };
}

/** Keeps what is written to it. */
export class Collected extends Writable {
  readonly #pieces: Buffer[] = [];

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#pieces.push(bytes);
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** What a simulated child needs of the machine it is a process of. */
export interface ChildLife {
  /** Undefined where it never became a process. */
  readonly pid: number | undefined;
  /** Signals it; whether it was there to be signalled. */
  kill(signal: NodeJS.Signals | number): boolean;
  /** Its process's end. */
  ended(): void;
}

/**
 * A command on a simulated host: what `child_process.spawn` would give, for a process that is none of this machine's.
 * Its pid is a simulated one.
 */
export class SimulatedChild extends EventEmitter {
  readonly pid: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly stdio: [Writable | null, Readable | null, Readable | null, ...null[]];
  readonly entered: Promise<void>;
  readonly spawnfile: string;
  readonly spawnargs: string[];
  readonly connected = false;
  readonly channel = null;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  killed = false;
  /** @internal What the command reads and writes. */
  readonly streams: CommandStreams;
  /** @internal Whether it keeps this process up. */
  held = true;
  readonly #life: ChildLife;
  readonly #outputs: readonly Writable[];
  readonly #killed = new AbortController();
  #over = false;
  #refused: JailEntryError | undefined;

  constructor(argv: readonly string[], stdio: readonly Stdio[], life: ChildLife) {
    super();
    const [input, ...outputs] = stdio;
    this.pid = life.pid;
    this.#life = life;
    this.spawnfile = argv[0] ?? "";
    this.spawnargs = [...argv];
    const stdin = new PassThrough();
    const inherited = input === "inherit" || (typeof input === "object" && input !== null);
    if (inherited && input !== "inherit") (input as unknown as Readable).pipe(stdin);
    this.stdin = input === "pipe" || input === "overlapped" ? stdin : null;
    if (this.stdin === null && !inherited) stdin.end();
    const out = sink(outputs[0], process.stdout);
    const err = sink(outputs[1], process.stderr);
    this.#outputs = [out.to, err.to];
    this.stdout = out.shown;
    this.stderr = err.shown;
    this.stdio = [this.stdin, this.stdout, this.stderr, ...stdio.slice(3).map(() => null)];
    this.streams = { stdin, stdout: out.to, stderr: err.to, killed: this.#killed.signal };
    this.entered = new Promise((resolve, reject) => {
      process.nextTick(() => {
        this.emit("spawn");
        if (this.#refused === undefined) {
          resolve();
          return;
        }
        reject(this.#refused);
        this.fail(this.#refused);
      });
    });
    this.entered.catch(() => undefined);
  }

  /** @internal Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  kill(signal: NodeJS.Signals | number = "SIGTERM"): boolean {
    if (this.#over) return false;
    const sent = this.#life.kill(signal);
    if (sent && signal !== 0) this.killed = true;
    return sent;
  }

  killGroup(signal: NodeJS.Signals): boolean {
    return this.kill(signal);
  }

  resize(): void {}

  ref(): void {
    this.held = true;
  }

  unref(): void {
    this.held = false;
  }

  disconnect(): void {}

  send(): boolean {
    return false;
  }

  [Symbol.dispose](): void {
    if (!this.#over) this.kill();
  }

  /** @internal It will never be a command: to be said at once, before anybody knows of it. */
  refuse(failure: JailEntryError): this {
    this.#refused = failure;
    return this;
  }

  /** @internal It never was a command. */
  fail(failure: JailEntryError): void {
    this.emit("error", failure);
    this.finish(failure.step === "exec" ? NOT_FOUND : NOT_ENTERED, null);
  }

  /** @internal It ends, as a process does: once, its streams after what was written to them. */
  finish(exitCode: number | null, signal: NodeJS.Signals | null): void {
    if (this.#over) return;
    this.#over = true;
    this.exitCode = exitCode;
    this.signalCode = signal;
    if (signal !== null) this.#killed.abort();
    this.#life.ended();
    for (const output of this.#outputs) output.end();
    this.streams.stdin.destroy();
    this.emit("exit", exitCode, signal);
    const shown = [this.stdout, this.stderr].filter((stream) => stream !== null);
    let open = shown.length;
    const closed = () => {
      if (open-- <= 0) this.emit("close", exitCode, signal);
    };
    for (const stream of shown) {
      // As Node does: what nobody reads does not keep the child open.
      if (stream.readableFlowing === null && stream.listenerCount("readable") === 0) stream.resume();
      if (stream.closed) open--;
      else stream.once("close", closed);
    }
    process.nextTick(closed);
  }
}

// To whoever asks it is a ChildProcess; the constructor there would hold a real process's handle.
Object.setPrototypeOf(SimulatedChild.prototype, ChildProcess.prototype);

/** The same object, as what it stands for. */
export function asChildProcess(child: SimulatedChild): JailChildProcess {
  return child as unknown as JailChildProcess;
}

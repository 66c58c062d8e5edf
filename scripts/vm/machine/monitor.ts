/** QEMU's monitor, QMP: commands, their answers, events. */
import type { Socket } from "node:net";
import { VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import { connectSocket } from "./socket.js";

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to the monitor. */
export class Monitor {
  readonly #socket: Socket;
  readonly #waits: Waits;
  readonly #pending = new Map<number, Pending>();
  #text = "";
  #serial = 0;
  #greeted: (() => void) | undefined;
  #closed = false;
  #halt: (event: string) => void = () => {};
  /** Resolves when QEMU stops the guest by itself, with its word for why: `internal-error`. */
  readonly halted: Promise<string>;

  private constructor(socket: Socket, waits: Waits) {
    this.#socket = socket;
    this.#waits = waits;
    this.halted = new Promise((resolve) => {
      this.#halt = resolve;
    });
    socket.setEncoding("utf8").on("data", (piece: string) => this.#receive(piece));
    socket.on("close", () => this.#end());
  }

  /** Connects to the monitor that listens at `path`. */
  static async connect(path: string, waits: Waits, signal: AbortSignal): Promise<Monitor> {
    const monitor = new Monitor(await connectSocket(path, waits.ms("monitor"), signal), waits);
    await monitor.#limited(
      "the greeting",
      new Promise<void>((resolve) => {
        monitor.#greeted = resolve;
      }),
    );
    await monitor.execute("qmp_capabilities");
    return monitor;
  }

  /** Runs one of QMP's commands. Rejects with QEMU's own words where it refuses. */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#closed) return Promise.reject(new VmError(`QEMU has ended (${command} was not said)`));
    const id = ++this.#serial;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return this.#limited(command, answer);
  }

  /** Calls `act` when QEMU ends. */
  onClose(act: () => void): void {
    this.#socket.once("close", act);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #limited<T>(what: string, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#waits.overrun("monitor", `QEMU does not answer (${what})`)),
        this.#waits.ms("monitor"),
      );
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(piece: string): void {
    const lines = (this.#text + piece).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.#message(JSON.parse(line));
  }

  #message(message: { QMP?: unknown; id?: number; return?: unknown; error?: { desc: string }; event?: string }): void {
    if (message.QMP !== undefined) this.#greeted?.();
    if (message.event === "STOP") void this.#stopped();
    if (message.id === undefined) return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error !== undefined) pending?.reject(new VmError(`QEMU: ${message.error.desc}`));
    else pending?.resolve(message.return);
  }

  /** The guest was stopped; by us, or because it cannot go on. */
  async #stopped(): Promise<void> {
    const { status } = (await this.execute("query-status").catch(() => ({}))) as { status?: string };
    if (status !== undefined && /error|panicked|watchdog/.test(status)) this.#halt(status);
  }

  #end(): void {
    this.#closed = true;
    for (const { reject } of this.#pending.values()) reject(new VmError("QEMU ended before it answered"));
    this.#pending.clear();
  }
}

/** A serial console: what it printed, and waiting for what it will print. QEMU itself records it to a file. */
import type { Socket } from "node:net";
import { PlainText } from "./text.js";

/** How much of the past is kept for error messages and patterns. */
const KEPT = 200_000;

/** How programs ask a terminal for its size: "where is the cursor?" after moving it far away. */
const QUESTION = "\x1b[6n";
const ANSWER = "\x1b[24;80R";

/** Why a wait for the console ended. */
export type Ended = "limit" | "silence" | "closed";

/** A console that is connected. */
export class Console {
  readonly #socket: Socket;
  readonly #plain = new PlainText();
  /** Everything printed so far, cut at its start; `#cut` characters are missing there. */
  #text = "";
  #cut = 0;
  #closed = false;
  #heardAt = performance.now();
  /** Whether it answers as a terminal would. Not while a real one is joined to it. */
  answering = true;
  readonly #listeners = new Set<() => void>();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#heardAt = performance.now();
      this.#text += this.#plain.push(bytes);
      // Without an answer, logins wait for one until they give up.
      if (this.answering && bytes.includes(QUESTION)) socket.write(ANSWER);
      if (this.#text.length > 2 * KEPT) {
        this.#cut += this.#text.length - KEPT;
        this.#text = this.#text.slice(-KEPT);
      }
      this.#tell();
    });
    socket.on("close", () => {
      this.#closed = true;
      this.#tell();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many characters were printed so far: a place to read on from. */
  get position(): number {
    return this.#cut + this.#text.length;
  }

  /** What was printed since that place; without its start where that is no longer kept. */
  since(position: number): string {
    return this.#text.slice(Math.max(0, position - this.#cut));
  }

  /** The last lines, for an error message. */
  lastLines(count = 25): readonly string[] {
    return this.#text.trimEnd().split("\n").slice(-count);
  }

  /** Types. */
  send(text: string): void {
    if (!this.#closed) this.#socket.write(text);
  }

  /** The raw connection, for a terminal. */
  get socket(): Socket {
    return this.#socket;
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * Waits until `look` finds something; it is asked after each piece that arrives. Otherwise says why the wait ended: the
   * limit, silence for as long as `silenceMs`, or the end of the machine.
   */
  until<T>(
    look: () => T | undefined,
    options: { readonly limitMs: number; readonly silenceMs?: number; readonly signal: AbortSignal },
  ): Promise<{ readonly found: T } | { readonly ended: Ended }> {
    const { limitMs, silenceMs = Number.POSITIVE_INFINITY, signal } = options;
    const deadline = performance.now() + limitMs;
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (act: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        signal.removeEventListener("abort", check);
        act();
      };
      const check = () => {
        clearTimeout(timer);
        if (signal.aborted) return finish(() => reject(signal.reason));
        let found: T | undefined;
        try {
          found = look();
        } catch (thrown) {
          return finish(() => reject(thrown));
        }
        if (found !== undefined) return finish(() => resolve({ found: found as T }));
        if (this.#closed) return finish(() => resolve({ ended: "closed" }));
        const now = performance.now();
        const quietUntil = Math.max(this.#heardAt, begun) + silenceMs;
        if (now >= deadline) return finish(() => resolve({ ended: "limit" }));
        if (now >= quietUntil) return finish(() => resolve({ ended: "silence" }));
        timer = setTimeout(check, Math.max(1, Math.min(deadline, quietUntil) - now, 1));
      };
      this.#listeners.add(check);
      signal.addEventListener("abort", check, { once: true });
      check();
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

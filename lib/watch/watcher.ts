import { JailParameterError } from "../errors.js";
import type { JailHost } from "../host.js";
import type { Happening, WatchEvent, WatchedJail, WatchOptions, WatchScope } from "./event.js";
import { KernelSource } from "./kernel-source.js";
import { apply, differenceOf } from "./known.js";
import { ListSource } from "./list-source.js";

const BUFFER = 1024;
const INTERVAL_MS = 250;

/**
 * What happens to jails, as it happens: read it with `for await`. The watch begins with the first event that is asked for,
 * and tells of each jail that is there before of anything that changes. It ends with its signal, with `break`, and where one
 * jail is watched, with that jail.
 */
export class JailWatcher implements AsyncIterableIterator<WatchEvent> {
  readonly #host: JailHost;
  readonly #scope: WatchScope;
  readonly #buffer: number;
  readonly #interval: number;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: WatchEvent[] = [];
  /** What the reader knows, and what the source knows. */
  readonly #read = new Map<number, WatchedJail>();
  readonly #told = new Map<number, WatchedJail>();
  #number = 0;
  #dropped = 0;
  #behind = false;
  #running: Promise<void> | undefined;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  /** @internal */
  constructor(host: JailHost, scope: WatchScope, { signal, buffer = BUFFER, interval = INTERVAL_MS }: WatchOptions) {
    for (const [name, value] of Object.entries({ buffer, interval })) {
      if (!Number.isInteger(value) || value < 1)
        throw new JailParameterError(name, value, "it must be a whole number above 0");
    }
    this.#host = host;
    this.#scope = scope;
    this.#buffer = buffer;
    this.#interval = interval;
    this.#signal = signal;
  }

  /** How many events were dropped, because they were not read in time. */
  get dropped(): number {
    return this.#dropped;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, as soon as there is one. @throws the kernel's JailError where it cannot be watched any more */
  async next(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#running ??= this.#run();
    for (;;) {
      if (this.#stop.signal.aborted) return this.#done();
      const event = this.#take();
      if (event !== undefined) {
        apply(this.#read, event);
        return { value: event, done: false };
      }
      if (this.#failure !== undefined) {
        const { error } = this.#failure;
        this.#failure = undefined;
        throw error;
      }
      if (this.#over) return this.#done();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ends the watch; resolves when nothing of it is left. */
  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#stop.abort();
    this.#wake();
    return this.#done();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #done(): Promise<IteratorResult<WatchEvent, undefined>> {
    await this.#running;
    return { value: undefined, done: true };
  }

  async #run(): Promise<void> {
    const onAbort = () => {
      this.#stop.abort();
      this.#wake();
    };
    this.#signal?.addEventListener("abort", onAbort, { once: true });
    if (this.#signal?.aborted) onAbort();
    const { signal } = this.#stop;
    let source: KernelSource | ListSource | undefined;
    try {
      if (signal.aborted) return;
      source =
        (await KernelSource.open(this.#host, this.#scope, signal)) ??
        new ListSource(this.#host, this.#scope, this.#interval, signal);
      for await (const event of source.events()) this.#tell(event);
    } catch (error) {
      if (!signal.aborted) this.#failure = { error };
    } finally {
      await source?.close();
      this.#signal?.removeEventListener("abort", onAbort);
      this.#over = true;
      this.#wake();
    }
  }

  #tell(event: Happening): void {
    apply(this.#told, event);
    this.#number += 1;
    if (this.#behind || this.#waiting.length >= this.#buffer) {
      // What waits would be old by the time it is read: the difference says it all.
      this.#behind = true;
      this.#dropped += this.#waiting.length + 1;
      this.#waiting.length = 0;
    } else this.#waiting.push({ number: this.#number, ...event });
    this.#wake();
  }

  #take(): WatchEvent | undefined {
    if (!this.#behind) return this.#waiting.shift();
    this.#behind = false;
    const difference = differenceOf(this.#read, this.#told);
    return { type: "resync", reason: "behind", ...difference, passed: undefined, number: this.#number };
  }
}

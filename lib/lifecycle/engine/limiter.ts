/** How many commands run at once; who comes first is served first. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param most at least 1; Infinity for no limit */
  constructor(most = Number.POSITIVE_INFINITY) {
    if (!(most >= 1)) throw new RangeError(`a limit of ${most} commands at once would run none`);
    this.#free = most;
  }

  /** Runs `work` when there is room. An aborted wait rejects with the signal's reason. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> | void {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal?.reason);
      };
      const turn = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(turn);
    });
  }
}

/** What has to be undone when the tool ends, however it ends; and the signals that end it. */

type Undo = () => void | Promise<void>;

/** A stack of things to undo, each named. */
export class Cleanup {
  readonly #entries: { readonly name: string; readonly undo: Undo }[] = [];

  /** Adds one; the function returned takes it off again without undoing. */
  add(name: string, undo: Undo): () => void {
    const entry = { name, undo };
    this.#entries.push(entry);
    return () => {
      const at = this.#entries.indexOf(entry);
      if (at >= 0) this.#entries.splice(at, 1);
    };
  }

  /** Undoes everything, last first. What fails is reported and does not stop the others. */
  async run(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await entry.undo();
      } catch (thrown) {
        problems.push(`${entry.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
    return problems;
  }
}

/** The reason of an abort by a signal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Aborts on SIGINT, SIGTERM and SIGHUP; the second signal calls `atOnce`, for whoever does not want to wait for the
 * undoing. Returns how to stop listening.
 */
export function abortOnSignals(controller: AbortController, atOnce: () => void): () => void {
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const listener = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) atOnce();
    else controller.abort(new Interrupted(signal));
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

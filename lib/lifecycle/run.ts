import type { JailEvent, LifecycleEvent } from "./events.js";
import type { Problem } from "./values.js";

/** What a run of one or many jails came to. */
export interface RunOutcome {
  /** Every jail is as it was asked for. */
  readonly ok: boolean;
  /** What was wrong before anything was begun, of all jails together. */
  readonly problems: readonly Problem[];
  /** What became of each jail, in the order in which they ended. */
  readonly jails: readonly JailEvent[];
  readonly durationMs: number;
}

/** Events that may wait for a reader before the oldest output pieces are dropped. */
const MOST_WAITING = 100_000;

/**
 * A run that has begun. `result` resolves when it is over, also where jails failed or the run was stopped; its events can be
 * read with `for await`, at any time and by one reader.
 */
export class LifecycleRun implements AsyncIterable<LifecycleEvent> {
  readonly result: Promise<RunOutcome>;
  readonly #events: LifecycleEvent[] = [];
  #wake: () => void = () => {};
  #over = false;

  /** @internal */
  constructor(
    work: (emit: (event: LifecycleEvent) => void) => Promise<RunOutcome>,
    onEvent: ((event: LifecycleEvent) => void) | undefined,
  ) {
    const emit = (event: LifecycleEvent) => {
      if (this.#events.length < MOST_WAITING || event.type !== "output") this.#events.push(event);
      this.#wake();
      onEvent?.(event);
    };
    // Begun when the caller has the run in hand.
    this.result = Promise.resolve()
      .then(() => work(emit))
      .finally(() => {
        this.#over = true;
        this.#wake();
      });
    // Whoever reads only events learns of a failure from `result`, if at all.
    this.result.catch(() => undefined);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<LifecycleEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#over) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

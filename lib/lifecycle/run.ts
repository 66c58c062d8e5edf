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
  /** Milliseconds from its begin to its end. */
  readonly durationMs: number;
}

/** Characters of output that may wait for a reader; what comes beyond them is dropped. A step's event has its own. */
const MOST_OUTPUT = 8 * 1024 * 1024;

/**
 * A run that has begun. `result` resolves when it is over, also where jails failed or the run was stopped; its events can be
 * read with `for await`, at any time and by one reader.
 */
export class LifecycleRun implements AsyncIterable<LifecycleEvent> {
  /** What the run came to. Rejects with what is no jail's failure alone: bad options, or what `onEvent` threw. */
  readonly result: Promise<RunOutcome>;
  readonly #events: LifecycleEvent[] = [];
  #waitingOutput = 0;
  #wake: () => void = () => {};
  #over = false;

  /** @internal */
  constructor(
    work: (emit: (event: LifecycleEvent) => void) => Promise<RunOutcome>,
    onEvent: ((event: LifecycleEvent) => void) | undefined,
  ) {
    const emit = (event: LifecycleEvent) => {
      this.#keep(event);
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

  #keep(event: LifecycleEvent): void {
    if (event.type === "output") {
      if (this.#waitingOutput + event.text.length > MOST_OUTPUT) return;
      this.#waitingOutput += event.text.length;
    }
    this.#events.push(event);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<LifecycleEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) {
        if (event.type === "output") this.#waitingOutput -= event.text.length;
        yield event;
      } else if (this.#over) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

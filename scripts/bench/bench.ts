/** What a file of this folder exports by the name `benches`, and how one is timed. */

export interface Bench {
  readonly title: string;
  /** The loop of native/bench/baseline.cc that does the same work; without one there is no ratio. */
  readonly baseline?: "create-remove" | "get" | "list";
  /** The same work without us, in JavaScript, where it is no loop of that program. */
  beside?(): Round;
  /** What is aimed for beside the baseline, or by itself. */
  readonly aim?:
    | { readonly ratio: number }
    | { readonly extraMicroseconds: number }
    | { readonly microseconds: number };
  /** How many rounds there are after the first. Default 9. */
  readonly rounds?: number;
  /** Gets ready, and says what one round does and how many operations that are. */
  prepare(): Round | Promise<Round>;
}

export interface Round {
  readonly operations: number;
  /** Resolves with the nanoseconds of one operation where it measures them itself. */
  run(): void | Promise<number | undefined> | Promise<void>;
  end?(): void | Promise<void>;
}

const ROUNDS = 9;

/** Nanoseconds of one operation: the median of several rounds after one that warms up. */
export async function time(bench: Pick<Bench, "prepare" | "rounds">): Promise<number> {
  const round = await bench.prepare();
  const times: number[] = [];
  try {
    for (let i = 0; i <= (bench.rounds ?? ROUNDS); i++) {
      const began = process.hrtime.bigint();
      const pending = round.run();
      const measured = pending === undefined ? undefined : await pending;
      const took = measured ?? Number(process.hrtime.bigint() - began) / round.operations;
      if (i > 0) times.push(took);
    }
  } finally {
    await round.end?.();
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? Number.NaN;
}

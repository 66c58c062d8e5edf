import type { LifecycleEvent } from "../../lifecycle/events.js";
import { type Paint, table } from "../output.js";

/** Seconds with three places, for tables. */
export function thousandths(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

interface Sum {
  times: number;
  totalMs: number;
  queuedMs: number;
  longestMs: number;
  longest: string;
}

/** Adds up where the time of a run went. */
export class Timings {
  readonly #steps = new Map<string, Sum>();
  #ledgerMs = 0;

  add(event: LifecycleEvent): void {
    if (event.type === "jail") this.#ledgerMs += event.ledgerMs;
    if (event.type !== "step") return;
    const name = event.direction === "undo" ? `${event.step} (undone)` : event.step;
    const sum = this.#steps.get(name) ?? { times: 0, totalMs: 0, queuedMs: 0, longestMs: -1, longest: "" };
    sum.times++;
    sum.totalMs += event.durationMs - event.queuedMs;
    sum.queuedMs += event.queuedMs;
    if (event.durationMs > sum.longestMs) Object.assign(sum, { longestMs: event.durationMs, longest: event.jail });
    this.#steps.set(name, sum);
  }

  /** A table, the step that took most first. */
  text(paint: Paint): string {
    const sums = [...this.#steps].sort(([, a], [, b]) => b.totalMs - a.totalMs);
    const rows = sums.map(([name, { times, totalMs, longestMs, longest }]) => [
      name,
      String(times),
      thousandths(totalMs),
      thousandths(longestMs),
      longest,
    ]);
    const columns = [
      { title: "STEP" },
      { title: "TIMES", right: true },
      { title: "TOTAL", right: true },
      { title: "LONGEST", right: true },
      { title: "OF" },
    ];
    const queuedMs = sums.reduce((all, [, sum]) => all + sum.queuedMs, 0);
    const rest = `waiting for a turn ${thousandths(queuedMs)}, writing the ledgers ${thousandths(this.#ledgerMs)}`;
    return `${table(columns, rows, paint)}${paint.dim(rest)}\n`;
  }
}

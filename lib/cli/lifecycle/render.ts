import type { JailEvent, JailState, LifecycleEvent, ProblemEvent, StepEvent } from "../../lifecycle/events.js";
import { stepLabel } from "../../lifecycle/quote.js";
import type { RunOutcome } from "../../lifecycle/run.js";
import type { CliIo } from "../io.js";
import { isTerminal, type Paint, paintFor, printable, writeJson } from "../output.js";
import { LiveRegion } from "./live.js";
import { thousandths } from "./timings.js";
import { about, action, duration, lastOutput, stateWord } from "./words.js";

/** Shows a run while it goes on. */
export interface Renderer {
  event(event: LifecycleEvent): void;
  /** Something that is no event, such as that an interrupt was taken. */
  say(text: string): void;
  end(outcome: RunOutcome): void;
}

/** What a person wants to see of a run. */
export interface RenderOptions {
  readonly json: boolean;
  /** Every step, and what commands write. */
  readonly verbose: boolean;
  /** Names of the jails, for the width of their column. */
  readonly names: readonly string[];
}

/** The renderer that fits the stream: JSON, a terminal's, or plain lines. */
export function rendererFor(io: CliIo, options: RenderOptions): Renderer {
  if (options.json) return new JsonRenderer(io);
  return new LineRenderer(io, options);
}

/** Each event on a line of its own, and one for the end. */
class JsonRenderer implements Renderer {
  readonly #io: CliIo;

  constructor(io: CliIo) {
    this.#io = io;
  }

  event(event: LifecycleEvent): void {
    writeJson(this.#io.stdout, event);
  }

  say(): void {}

  end({ ok, durationMs }: RunOutcome): void {
    writeJson(this.#io.stdout, { type: "end", ok, durationMs });
  }
}

/** The order in which states are counted at the end. */
const COUNTED: readonly JailState[] = ["up", "down", "updated", "unchanged", "restart", "failed", "skipped", "aborted"];

/** A line for each jail when it is over; on a terminal also what goes on, below them. */
class LineRenderer implements Renderer {
  readonly #io: CliIo;
  readonly #paint: Paint;
  readonly #verbose: boolean;
  readonly #width: number;
  readonly #live: LiveRegion | undefined;
  readonly #failed = new Map<string, StepEvent>();
  readonly #problems = new Map<string, ProblemEvent[]>();

  constructor(io: CliIo, { verbose, names }: RenderOptions) {
    this.#io = io;
    this.#paint = paintFor(io, io.stdout);
    this.#verbose = verbose;
    this.#width = Math.min(Math.max(4, ...names.map((name) => printable(name).length)), 30);
    if (isTerminal(io.stdout) && io.env.TERM !== "dumb") this.#live = new LiveRegion(io.stdout, this.#paint);
  }

  event(event: LifecycleEvent): void {
    switch (event.type) {
      case "begin":
        this.#live?.show(event.jail, `${event.step}  ${this.#paint.dim(action(event))}`);
        break;
      case "wait":
        this.#live?.show(event.jail, `waits for process ${event.holder.pid}: ${event.holder.purpose}`);
        if (this.#live === undefined) {
          this.#line(event.jail, "waits", `process ${event.holder.pid} works on it: ${event.holder.purpose}`);
        }
        break;
      case "output":
        if (this.#verbose) this.#output(event.jail, event.step, event.text);
        break;
      case "problem":
        this.#problems.set(event.jail, [...(this.#problems.get(event.jail) ?? []), event]);
        break;
      case "step":
        this.#step(event);
        break;
      case "jail":
        this.#live?.done(event.jail);
        this.#jail(event);
        this.#failed.delete(event.jail);
    }
  }

  say(text: string): void {
    if (this.#live === undefined) this.#io.stderr.write(`bsdjail: ${text}\n`);
    else this.#live.print(`${text}\n`);
  }

  end({ jails, durationMs }: RunOutcome): void {
    this.#live?.close();
    if (jails.length === 0) this.#print(this.#paint.dim("nothing to do").concat("\n"));
    if (jails.length < 2) return;
    const counts = COUNTED.map((state) => ({ state, count: jails.filter((jail) => jail.state === state).length }));
    const words = counts.filter(({ count }) => count > 0).map(({ state, count }) => `${count} ${state}`);
    this.#print(this.#paint.dim(`${words.join(", ")} in ${duration(durationMs)}`).concat("\n"));
  }

  #step(event: StepEvent): void {
    if (event.outcome === "failed") this.#failed.set(event.jail, this.#failed.get(event.jail) ?? event);
    if (!this.#verbose) return;
    const way = { up: "+", down: "-", undo: "<" }[event.direction];
    const tail = event.note === undefined ? "" : `  ${this.#paint.dim(`(${printable(event.note)})`)}`;
    const mark = event.outcome === "failed" ? this.#paint.red("failed") : thousandths(event.durationMs);
    this.#line(event.jail, `${way} ${stepLabel(event.step, event.direction)}`, `${action(event)}  ${mark}${tail}`);
  }

  #jail(event: JailEvent): void {
    const problems = this.#problems.get(event.jail) ?? [];
    const failed = event.state === "failed" || event.state === "aborted" ? this.#failed.get(event.jail) : undefined;
    const words = about(event, problems.length, failed);
    this.#line(event.jail, stateWord(event.state, this.#paint), words, event.state.length);
    const detail: string[] = [];
    for (const problem of problems) {
      if (problems.length > 1) detail.push(printable(problem.message));
      if (problem.hint !== undefined) detail.push(printable(problem.hint));
    }
    if (failed !== undefined && failed.argv.length > 0) detail.push(`$ ${action(failed)}`);
    if (failed !== undefined) detail.push(...lastOutput(failed).map((line) => this.#paint.dim(`| ${line}`)));
    const hint = event.error?.hint ?? failed?.error?.hint;
    if (hint !== undefined) detail.push(printable(hint));
    for (const { thing, code, message } of event.left) {
      detail.push(`left: ${printable(thing)} (${code}${message === "" ? "" : `: ${printable(message)}`})`);
    }
    for (const line of detail) this.#print(`${" ".repeat(this.#width + 2)}${line}\n`);
  }

  #output(jail: string, step: string, text: string): void {
    for (const line of text.trimEnd().split("\n"))
      this.#line(jail, `  ${step}`, this.#paint.dim(`| ${printable(line)}`));
  }

  #line(jail: string, word: string, rest: string, wordLength = word.length): void {
    const name = printable(jail).padEnd(this.#width);
    const room = " ".repeat(Math.max(0, 9 - wordLength));
    this.#print(`${this.#paint.bold(name)}  ${word}${room}  ${rest}`.trimEnd().concat("\n"));
  }

  #print(text: string): void {
    if (this.#live === undefined) this.#io.stdout.write(text);
    else this.#live.print(text);
  }
}

import type { Machine } from "../../machine/machine.js";
import type { JailEvent, LifecycleEvent } from "../events.js";
import { Books } from "../ledger/books.js";
import { SharedUses } from "../ledger/uses.js";
import { DEFAULT_DIRECTORY, type LifecycleOptions, type RunningOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { RunOutcome } from "../run.js";
import { type JailSpec, readSpec } from "../spec.js";
import type { Problem } from "../values.js";
import type { Engine } from "./context.js";
import { Limiter } from "./limiter.js";

const KEEP_BYTES = 65536;
const KILL_AFTER_MS = 2000;

/** One run over many jails: what it works with, and what it has come to so far. */
export class Session {
  readonly engine: Engine;
  readonly events: JailEvent[] = [];
  readonly problems: Problem[] = [];
  readonly atOnce: number;
  readonly #begun: number;

  constructor(options: LifecycleOptions, running: RunningOptions, emit: (event: LifecycleEvent) => void) {
    const { machine, jails } = options;
    const books = new Books(machine, options.directory ?? DEFAULT_DIRECTORY);
    const parallel = running.parallel ?? Number.POSITIVE_INFINITY;
    this.#begun = machine.clock();
    this.atOnce = parallel === 1 ? 1 : Number.POSITIVE_INFINITY;
    this.engine = {
      machine,
      jails,
      books,
      uses: new SharedUses(machine, books),
      limiter: new Limiter(parallel),
      emit: (event) => {
        if (event.type === "jail") this.events.push(event);
        emit(event);
      },
      signal: running.signal,
      deadline: running.withinMs === undefined ? undefined : machine.clock() + running.withinMs,
      streams: running.streams ?? "pipe",
      keepBytes: running.keepBytes ?? KEEP_BYTES,
      killAfterMs: running.killAfterMs ?? KILL_AFTER_MS,
    };
  }

  get machine(): Machine {
    return this.engine.machine;
  }

  /** Reads definitions; their problems are kept and told. */
  async read(definitions: readonly JailDefinition[]): Promise<Map<string, JailSpec>> {
    const specs = new Map<string, JailSpec>();
    for (const definition of definitions) {
      const { spec, problems } = await readSpec(definition, this.machine, { signal: this.engine.signal });
      specs.set(definition.name, spec);
      for (const problem of problems) this.problem(problem);
    }
    return specs;
  }

  problem(problem: Problem): void {
    this.problems.push(problem);
    this.engine.emit({ type: "problem", at: this.machine.now(), ...problem });
  }

  problemsOf(jail: string): readonly Problem[] {
    return this.problems.filter((problem) => problem.jail === jail);
  }

  /** Tells of a jail for which nothing was done. */
  tell(jail: string, ending: Pick<JailEvent, "state" | "reason" | "error" | "jid">): void {
    this.engine.emit({ type: "jail", jail, at: this.machine.now(), ...ending, left: [], durationMs: 0, ledgerMs: 0 });
  }

  /** A jail that cannot be run because of what was found before. */
  refuse(jail: string): void {
    const own = this.problemsOf(jail);
    const message = own.map((problem) => problem.message).join("; ");
    this.tell(jail, { state: "failed", reason: message, error: { code: own[0]?.code ?? "EINVAL", message } });
  }

  outcome(): RunOutcome {
    const bad = new Set(["failed", "skipped", "aborted"]);
    return {
      ok: this.problems.length === 0 && !this.events.some((event) => bad.has(event.state)),
      problems: this.problems,
      jails: this.events,
      durationMs: this.machine.clock() - this.#begun,
    };
  }
}

import { setMaxListeners } from "node:events";
import type { Machine } from "../../machine/machine.js";
import type { JailEvent, LifecycleEvent } from "../events.js";
import { Books } from "../ledger/books.js";
import { SharedUses } from "../ledger/uses.js";
import { DEFAULT_DIRECTORY, type LifecycleOptions, type RunningOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import type { RunOutcome } from "../run.js";
import { type JailSpec, readSpec } from "../spec.js";
import { StepError } from "../steps/kind.js";
import type { Problem } from "../values.js";
import type { Engine } from "./context.js";
import { Limiter } from "./limiter.js";

const KEEP_BYTES = 65536;
const KILL_AFTER_MS = 2000;

/** What no run could be made of. @throws RangeError */
function checkRunning({ withinMs, timeoutMs, keepBytes, killAfterMs }: RunningOptions): void {
  for (const [name, value] of Object.entries({ withinMs, timeoutMs, keepBytes, killAfterMs })) {
    if (value !== undefined && !(value >= 0)) throw new RangeError(`${name} is ${value}: it cannot be less than 0`);
  }
}

/** One run over many jails: what it works with, and what it has come to so far. */
export class Session {
  readonly engine: Engine;
  readonly events: JailEvent[] = [];
  readonly problems: Problem[] = [];
  readonly atOnce: number;
  readonly #begun: number;
  readonly #stop = new AbortController();
  readonly #waiting = new AbortController();
  readonly #over = new AbortController();
  readonly #emit: (event: LifecycleEvent) => void;
  #listenerFailure: { readonly thrown: unknown } | undefined;

  constructor(options: LifecycleOptions, running: RunningOptions, emit: (event: LifecycleEvent) => void) {
    const { machine, jails } = options;
    checkRunning(running);
    const books = new Books(machine, options.directory ?? DEFAULT_DIRECTORY);
    const parallel = running.parallel ?? Number.POSITIVE_INFINITY;
    // As many as there are jails wait for them.
    setMaxListeners(0, this.#stop.signal, this.#waiting.signal, this.#over.signal);
    this.#emit = emit;
    this.#begun = machine.clock();
    this.#listen(running, machine);
    this.atOnce = parallel === 1 ? 1 : Number.POSITIVE_INFINITY;
    this.engine = {
      machine,
      jails,
      books,
      uses: new SharedUses(machine, books),
      limiter: new Limiter(parallel),
      emit: (event) => this.#tellAll(event),
      signal: this.#stop.signal,
      waiting: this.#waiting.signal,
      deadline: running.withinMs === undefined ? undefined : machine.clock() + running.withinMs,
      streams: running.streams ?? "pipe",
      keepBytes: running.keepBytes ?? KEEP_BYTES,
      killAfterMs: running.killAfterMs ?? KILL_AFTER_MS,
      logs: running.logs ?? true,
      timeoutMs: running.timeoutMs,
    };
  }

  get machine(): Machine {
    return this.engine.machine;
  }

  /** The caller's signal stops all; so does a listener that throws. The end of the time stops only what waits. */
  #listen({ signal, withinMs }: RunningOptions, machine: Machine): void {
    const over = this.#over.signal;
    const stop = () => this.#abort(signal?.reason);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true, signal: over });
    if (withinMs === undefined) return;
    const late = new StepError("ETIMEDOUT", `the time for all jails, ${withinMs / 1000} s, is over`);
    machine.sleep(withinMs, { signal: over }).then(
      () => this.#waiting.abort(late),
      () => undefined,
    );
  }

  #abort(reason: unknown): void {
    this.#stop.abort(reason);
    this.#waiting.abort(reason);
  }

  #tellAll(event: LifecycleEvent): void {
    if (event.type === "jail") this.events.push(event);
    if (this.#listenerFailure !== undefined) return;
    try {
      this.#emit(event);
    } catch (thrown) {
      // Not in the middle of a step: what is half done is undone first.
      this.#listenerFailure = { thrown };
      this.#abort(thrown);
    }
  }

  /** Ends what still listens. @throws what a listener threw */
  close(): void {
    this.#over.abort();
    if (this.#listenerFailure !== undefined) throw this.#listenerFailure.thrown;
  }

  /** Reads definitions; their problems are kept and told. */
  async read(definitions: readonly JailDefinition[]): Promise<Map<string, JailSpec>> {
    const { specs, problems } = await this.readQuietly(definitions);
    for (const problem of problems) this.problem(problem);
    return specs;
  }

  /** Reads definitions where their problems are nobody's concern: what is wrong keeps a jail from starting, not from stopping. */
  async readQuietly(definitions: readonly JailDefinition[]) {
    const specs = new Map<string, JailSpec>();
    const found: Problem[] = [];
    for (const definition of definitions) {
      const { spec, problems } = await readSpec(definition, this.machine, { signal: this.engine.signal });
      specs.set(definition.name, spec);
      found.push(...problems);
    }
    return { specs, problems: found };
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
    const bad = new Set(["failed", "skipped", "aborted", "restart"]);
    return {
      ok: this.problems.length === 0 && !this.events.some((event) => bad.has(event.state)),
      problems: this.problems,
      jails: this.events,
      durationMs: this.machine.clock() - this.#begun,
    };
  }
}

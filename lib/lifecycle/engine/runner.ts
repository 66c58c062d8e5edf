import type { JailEvent, JailState, LeftThing, StepEvent, StepFailure } from "../events.js";
import { stepFailure } from "../events.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Purpose } from "../ledger/record.js";
import type { FailedStep } from "../ledger/summary.js";
import { type Thing, thingName } from "../ledger/thing.js";
import type { JailSpec } from "../spec.js";
import type { Action } from "../steps/kind.js";
import { DOWN, type StepRow, stepRow, UP } from "../steps/table.js";
import { type Engine, JailContext } from "./context.js";
import { perform, remembered } from "./perform.js";

/** Steps of a stop that are about a jail that is still there. */
const NEEDS_JAIL: ReadonlySet<string> = new Set([
  "exec.stop",
  "stop.timeout",
  "vnet.interface",
  "zfs.dataset",
  "create",
]);

/** What a run came to, before it is told. */
export interface Ending {
  readonly state: JailState;
  readonly reason?: string;
  readonly error?: StepFailure;
}

/** One jail's way up, down and back, step by step, with its ledger open and its lock held. */
export class JailRunner {
  readonly context: JailContext;
  readonly left: LeftThing[] = [];
  readonly failed: FailedStep[] = [];
  /** The ledger lost some of its lines: what the definition names may be ours as well, as the marks beside it tell. */
  damagedLedger = false;
  /** Called when the jail is made, and when it is removed: some do not wait for more. */
  onMilestone: () => void = () => {};
  readonly #engine: Engine;
  readonly #begun: number;

  constructor(engine: Engine, spec: JailSpec, ledger: Ledger, assumeOurs = false) {
    this.#engine = engine;
    this.context = new JailContext(engine, spec, ledger, assumeOurs);
    this.#begun = engine.machine.clock();
  }

  /** Does an action; false, and noted, where it failed. */
  async act(action: Action): Promise<StepEvent> {
    const { event } = await perform(this.#engine, this.context, action);
    if (event.outcome === "failed") this.failed.push(remembered(event));
    return event;
  }

  /** A start. What it did is taken back where it fails or is stopped. */
  async up(): Promise<Ending> {
    const { context } = this;
    try {
      const failure = await this.#upSteps();
      if (failure === undefined) return await this.#isUp();
      return await this.#giveUp(context.signal?.aborted ? "aborted" : "failed", failure);
    } catch (error) {
      return this.#giveUp(context.signal?.aborted ? "aborted" : "failed", stepFailure(error));
    }
  }

  /** Resolves with why it went no further. */
  async #upSteps(): Promise<StepFailure | undefined> {
    const { context } = this;
    await this.#noteLogs();
    for (const row of UP) {
      for (const action of row.kind.up(context.spec, row)) {
        if (this.#engine.waiting.aborted) return stepFailure(this.#engine.waiting.reason);
        const event = await this.act(action);
        if (event.outcome === "failed") return event.error;
        if (row.name === "create") this.onMilestone();
      }
    }
    return undefined;
  }

  async #isUp(): Promise<Ending> {
    const { context } = this;
    const ended = context.jid !== undefined && !(await context.jails.lingers(context.jid, context.spec.name));
    if (ended) return this.#endedByItself();
    // What nobody can read later that it is up would be taken for a start that was cut off.
    await context.ledger.settle();
    return { state: "up" };
  }

  /** A jail without `persist` whose commands are over is not there any more; what was made for it goes too. */
  async #endedByItself(): Promise<Ending> {
    this.context.alive = false;
    await this.undo();
    return { state: "down", reason: "the jail does not persist and its last process has ended" };
  }

  async #giveUp(state: JailState, error: StepFailure | undefined): Promise<Ending> {
    await this.undo();
    return { state, ...(error === undefined ? {} : { error }) };
  }

  /** Takes back everything that the ledger names, the last thing first, and goes on where one cannot be taken. */
  async undo(): Promise<void> {
    const { context } = this;
    // What is half done is taken back whoever asked for the stop.
    context.signal = undefined;
    for (const entry of [...context.ledger.state.entries].reverse()) await this.takeBack(entry.thing);
  }

  async takeBack(thing: Thing, direction: "undo" | "down" = "undo"): Promise<boolean> {
    const row = stepRow(thing.step);
    try {
      if (NEEDS_JAIL.has(row.name)) await this.#lookAlive();
    } catch (error) {
      this.#cannot(thing, stepFailure(error));
      return false;
    }
    const [action] = row.kind.down(this.context.spec, row, [thing]);
    if (action === undefined) return true;
    const event = await this.act({ ...action, thing, direction });
    if (event.outcome === "failed") this.#cannot(thing, event.error);
    return event.outcome !== "failed";
  }

  #cannot(thing: Thing, error: StepFailure | undefined): void {
    this.left.push({ thing: thingName(thing), code: error?.code ?? "EUNKNOWN", message: error?.message ?? "" });
  }

  /**
   * A stop. Before the removal a failed hook ends it, the jail runs on; after it everything else is done and what could
   * not be is told.
   *
   * @param rows the steps: those of a stop, or of the clean-up of a jail that is gone
   * @param force a failed hook does not end it
   */
  async down(rows: readonly StepRow[] = DOWN, force = false): Promise<Ending> {
    try {
      return await this.#downSteps(rows, force);
    } catch (error) {
      return { state: this.context.signal?.aborted ? "aborted" : "failed", error: stepFailure(error) };
    }
  }

  async #downSteps(rows: readonly StepRow[], force: boolean): Promise<Ending> {
    const { context } = this;
    let problem: StepFailure | undefined;
    let removed = !rows.some((row) => row.name === "exec.prestop");
    for (const row of rows) {
      if (NEEDS_JAIL.has(row.name)) await this.#lookAlive();
      const things = this.#thingsOf(row);
      if (row.name === "create") {
        if (!context.alive && things.length === 0) continue;
        // From here on there is no way back to a running jail.
        context.signal = undefined;
      }
      for (const action of row.kind.down(context.spec, row, things)) {
        if (!removed && context.signal?.aborted) return { state: "aborted", error: stepFailure(context.signal.reason) };
        if (!removed && this.#late(row)) continue;
        if (!context.alive && (row.where === "jail" || row.name === "stop.timeout")) continue;
        const event = await this.act(action);
        if (event.outcome !== "failed") continue;
        problem ??= event.error;
        if (action.thing !== undefined) this.#cannot(action.thing, event.error);
        if (!removed && action.command !== undefined && !force && !this.#late(row)) {
          return {
            state: context.signal?.aborted ? "aborted" : "failed",
            ...(problem === undefined ? {} : { error: problem }),
          };
        }
      }
      if (row.name === "create") {
        removed = true;
        this.onMilestone();
      }
    }
    return problem === undefined ? { state: "down" } : { state: "failed", error: problem };
  }

  /** A jail without `persist` goes with its last process, which may be at any time. */
  async #lookAlive(): Promise<void> {
    const { context } = this;
    if (!context.alive) return;
    const found = await context.jails.find(context.spec.name);
    if (found === undefined || found.jid !== context.jid) context.alive = false;
  }

  /** What a step made, last first: by the ledger, and where that is not whole, by the definition too. */
  #thingsOf(row: StepRow): Thing[] {
    const { spec, ledger, assumeOurs } = this.context;
    const things = new Map<string, Thing>();
    if (assumeOurs || this.damagedLedger) {
      for (const { thing } of row.kind.up(spec, row)) if (thing !== undefined) things.set(thingName(thing), thing);
    }
    for (const { thing } of ledger.state.entries) if (thing.step === row.name) things.set(thingName(thing), thing);
    return [...things.values()].reverse();
  }

  /** Past the deadline only what must be is still done. */
  #late(row: StepRow): boolean {
    const left = this.context.remainingMs();
    return left !== undefined && left <= 0 && (row.name === "exec.prestop" || row.name === "exec.stop");
  }

  async #noteLogs(): Promise<void> {
    const { spec, machine, logOffsets } = this.context;
    for (const probe of spec.ready) {
      const path = probe.kind === "log" ? (probe.path ?? spec.consoleLog) : undefined;
      if (path !== undefined) logOffsets.set(path, (await machine.stat(path, { follow: true }))?.size ?? 0);
    }
  }

  /** Tells how it ended, in the ledger, in memory and to whoever listens. */
  async finish(purpose: Purpose, ending: Ending): Promise<JailEvent> {
    const { machine, books, emit } = this.#engine;
    const { context, left, failed } = this;
    const { ledger, spec } = context;
    const { run } = ledger.state;
    await context.log?.flush();
    const durationMs = machine.clock() - this.#begun;
    const at = machine.now();
    if (ledger.exists) await ledger.end(ending.state === "failed" || ending.state === "aborted" ? "failed" : "done");
    if (ending.state !== "unchanged") {
      await books.remember({
        version: 1,
        jail: spec.name,
        run: run?.run ?? 0,
        boot: run?.owner.boot ?? "",
        purpose,
        state: ending.state,
        at,
        durationMs,
        failed,
        left: left.map(({ thing }) => thing),
      });
    }
    const event: JailEvent = {
      type: "jail",
      jail: spec.name,
      at,
      ...ending,
      ...(context.jid === undefined ? {} : { jid: context.jid }),
      left,
      durationMs,
      ledgerMs: ledger.spentMs,
    };
    emit(event);
    return event;
  }
}

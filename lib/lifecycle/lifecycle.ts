import type { Machine, MachineOptions } from "../machine/machine.js";
import { SimulatedMachine } from "../machine/simulated/machine.js";
import { type AdoptedJail, adopt } from "./engine/adopt.js";
import { recover } from "./engine/recover.js";
import { restart } from "./engine/restart.js";
import { Session } from "./engine/session.js";
import { start } from "./engine/start.js";
import { stop } from "./engine/stop.js";
import { Books } from "./ledger/books.js";
import type { LogOptions } from "./logs/read.js";
import { type LogLine, LogReader } from "./logs/read.js";
import {
  DEFAULT_DIRECTORY,
  type DownOptions,
  type LifecycleOptions,
  type RunningOptions,
  type UpOptions,
} from "./options.js";
import { checkDefinitions, type JailDefinition } from "./parameters.js";
import { applyPlan, updateOne } from "./plan/apply.js";
import type { Plan, PlanOptions } from "./plan/model.js";
import { makePlan, makeStopPlan } from "./plan/plan.js";
import { LifecycleRun } from "./run.js";
import { type JailStatus, status } from "./why/status.js";
import { explain, type Why } from "./why/why.js";

/**
 * The engine around the kernel: starts and stops jails with everything that belongs to them, keeps the books, and takes
 * back what it cannot finish.
 *
 * Nothing of what fails for one jail is thrown: it is in the outcome, and in the events.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** The simulated machine around the jails; undefined on a real one. */
  get simulation(): SimulatedMachine | undefined {
    const { machine } = this.#options;
    return machine instanceof SimulatedMachine ? machine : undefined;
  }

  /** @internal The machine around the jails. */
  get machine(): Machine {
    return this.#options.machine;
  }

  /** Starts jails, after what they need. Those that are up stay as they are. */
  up(definitions: readonly JailDefinition[], options: UpOptions = {}): LifecycleRun {
    return this.#run(options, (session) => start(session, checkDefinitions(definitions), options));
  }

  /**
   * Stops jails, after those that need them. Names in `only` may also be of jails that are not defined: what is known of
   * them is in their ledgers.
   */
  down(definitions: readonly JailDefinition[], options: DownOptions = {}): LifecycleRun {
    return this.#run(options, (session) => stop(session, checkDefinitions(definitions), options));
  }

  /**
   * Stops jails and those that need them, then starts all that were stopped. Those that are not defined are started with
   * what their ledgers say they were started with.
   */
  restart(definitions: readonly JailDefinition[], options: UpOptions & DownOptions = {}): LifecycleRun {
    return this.#run(options, (session) => restart(session, checkDefinitions(definitions), options));
  }

  /** After a crash, a reboot or a stop by others: finishes or takes back what the ledgers say and the machine shows. */
  recover(options: RunningOptions = {}): LifecycleRun {
    return this.#run(options, (session) => recover(session, options.only));
  }

  /** Looks, and says what {@link apply} would do. Changes nothing. Drift of running jails is in it. */
  async plan(definitions: readonly JailDefinition[], options: PlanOptions = {}): Promise<Plan> {
    return this.#look(options, (session) => makePlan(session, checkDefinitions(definitions), options));
  }

  /** Says what {@link down} would do. Changes nothing. */
  async planDown(definitions: readonly JailDefinition[], options: PlanOptions = {}): Promise<Plan> {
    return this.#look(options, (session) => makeStopPlan(session, checkDefinitions(definitions), options));
  }

  /**
   * Does what a plan says.
   *
   * @throws PlanStaleError (from `result`) where the machine has moved since; then nothing was done
   */
  apply(plan: Plan, options: RunningOptions = {}): LifecycleRun {
    const together = { ...plan.options, ...options };
    return this.#run(together, (session) => applyPlan(session, { ...plan, options: together }));
  }

  /** Brings running jails to their definitions without a restart; says where the kernel demands one. */
  update(definitions: readonly JailDefinition[], options: RunningOptions = {}): LifecycleRun {
    return this.#run(options, async (session) => {
      for (const definition of checkDefinitions(definitions)) {
        if (options.only?.includes(definition.name) ?? true) await updateOne(session, definition);
      }
    });
  }

  /** Jails that an earlier process of ours started and that run: from now on this process is their owner. */
  adopt(options: RunningOptions = {}): Promise<readonly AdoptedJail[]> {
    return this.#look(options, (session) => adopt(session, options.only));
  }

  /** Why a jail does not start, does not stop, is not gone, or is not as it is defined. */
  why(name: string, definitions: readonly JailDefinition[] = [], options: MachineOptions = {}): Promise<Why> {
    return this.#look(options, (session) => explain(session, name, checkDefinitions(definitions)));
  }

  /** Every jail that is defined, recorded or running, and how it stands. */
  status(definitions: readonly JailDefinition[] = [], options: MachineOptions = {}): Promise<readonly JailStatus[]> {
    return this.#look(options, (session) => status(session, checkDefinitions(definitions)));
  }

  /**
   * What a jail's commands wrote, line by line with the step that did, and what stands in its console log.
   *
   * @param definitions where the jail's console log is named, if not in its ledger or in the log itself
   */
  async *logs(
    name: string,
    definitions: readonly JailDefinition[] = [],
    options: LogOptions = {},
  ): AsyncIterableIterator<LogLine> {
    const { machine } = this.#options;
    const books = new Books(machine, this.#options.directory ?? DEFAULT_DIRECTORY);
    const given = definitions.find((definition) => definition.name === name)?.parameters;
    const recorded = given ?? (await books.open(name, options)).state.definition?.parameters;
    const consoleLog = [recorded?.["exec.consolelog"]].flat().at(-1);
    const reader = new LogReader(
      machine,
      books.logPath(name),
      name,
      typeof consoleLog === "string" && consoleLog !== "" ? consoleLog : undefined,
    );
    yield* reader.read(options);
  }

  /** Whether a jail's last run is remembered, or anything that its commands wrote is kept. */
  async remembers(name: string, options: MachineOptions = {}): Promise<boolean> {
    const { machine } = this.#options;
    const books = new Books(machine, this.#options.directory ?? DEFAULT_DIRECTORY);
    if ((await books.lastRun(name, options)) !== undefined) return true;
    return (await machine.stat(books.logPath(name), options)) !== undefined;
  }

  async #look<T>(options: RunningOptions, work: (session: Session) => Promise<T>): Promise<T> {
    options.signal?.throwIfAborted();
    const session = new Session(this.#options, options, options.onEvent ?? (() => {}));
    return work(session).finally(() => session.close());
  }

  #run(options: RunningOptions, work: (session: Session) => Promise<void>): LifecycleRun {
    return new LifecycleRun(async (emit) => {
      const session = new Session(this.#options, options, emit);
      try {
        await work(session);
      } catch (error) {
        // A stop asked for while the run was still looking: nothing was begun.
        const { signal } = session.engine;
        if (!signal.aborted || error !== signal.reason) throw error;
      } finally {
        session.close();
      }
      return session.outcome();
    }, options.onEvent);
  }
}

import type { Machine } from "../../../machine/machine.js";
import type { BaseJail, Ending } from "./model.js";
import type { Queues } from "./queues.js";

/** How often a jail's processes are looked at while they are to end. */
const LOOK_MS = 20;

/** Jails that wait for a command or for their processes, and which of them is next. */
export class Waiting {
  readonly #queues: Queues;
  readonly #machine: Machine;
  readonly #finished: BaseJail[] = [];
  readonly #stop = new Map<BaseJail, () => void>();
  #wake: () => void = () => undefined;

  constructor(queues: Queues, machine: Machine) {
    this.#queues = queues;
    this.#machine = machine;
  }

  /**
   * A jail waits until `ended` resolves, or its deadline is over.
   *
   * @param stop ends what is waited for when the deadline is over
   */
  wait(jail: BaseJail, ended: Promise<Ending>, stop: () => void): void {
    jail.flags.waiting = true;
    this.#file(jail);
    this.#stop.set(jail, stop);
    void ended.then((ending) => {
      if (this.#stop.get(jail) !== stop) return;
      this.#stop.delete(jail);
      jail.ending = ending;
      this.#finished.push(jail);
      this.#wake();
    });
  }

  /** Resolves when none of the processes is left. `look` gives those that a jail has. */
  async gone(
    pids: ReadonlySet<number>,
    look: () => Promise<readonly { readonly pid: number }[]>,
    over: () => boolean,
  ): Promise<Ending> {
    while (!over() && (await look()).some(({ pid }) => pids.has(pid))) await this.#machine.sleep(LOOK_MS);
    return { status: 0, signal: null };
  }

  /** The next jail whose waiting is over; with `nonblock` only one where it is over now. */
  async next(nonblock: boolean): Promise<BaseJail | undefined> {
    for (;;) {
      const [first] = this.#queues.in("sleeping");
      if (first === undefined) return undefined;
      // A program takes longer than jails that are ready; one that is only simulated is made to.
      if (nonblock && this.#machine.simulated) return undefined;
      if (nonblock) await new Promise((resolve) => setImmediate(resolve));
      const finished = this.#finished.shift();
      if (finished !== undefined) return finished;
      const left = first.deadline === undefined ? undefined : first.deadline - this.#machine.clock();
      if (left !== undefined && left <= 0) {
        first.flags.timedOut = true;
        this.#stop.get(first)?.();
        this.#stop.delete(first);
        return first;
      }
      if (nonblock) return undefined;
      await this.#pause(left);
    }
  }

  /** In the order of their deadlines; those without one at the end. */
  #file(jail: BaseJail): void {
    const sleeping = this.#queues.in("sleeping");
    const { deadline } = jail;
    if (deadline === undefined) return this.#queues.move(jail, "sleeping");
    const at = sleeping.findIndex((other) => other.deadline === undefined || deadline <= other.deadline);
    this.#queues.insert(jail, "sleeping", at < 0 ? sleeping.length : at);
  }

  async #pause(ms: number | undefined): Promise<void> {
    const over = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const slept = ms === undefined ? [] : [this.#machine.sleep(ms, { signal: over.signal }).catch(() => undefined)];
    await Promise.race([woken, ...slept]);
    over.abort();
  }
}

import { textToLatin1 } from "../../../bytes-text.js";
import { type BaseJail, goesDown } from "./model.js";

/** Where a jail waits: at rest, for its turn, for other jails, for a command, for leave to run one. */
export type QueueName = "idle" | "ready" | "depend" | "sleeping" | "runnable";

/** One jail needs another. */
interface Dependency {
  readonly from: BaseJail;
  readonly to: BaseJail;
  /** Only that it exists, as a child needs its parent. */
  readonly light: boolean;
  seen: boolean;
}

/** Who says what about dependencies. */
export interface DependencyMessages {
  warn(jail: BaseJail, text: string): void;
  /** Whether a jail that is left out because of another is mentioned. */
  readonly mentionSkipped: boolean;
}

/**
 * The jails and what they wait for, in jail(8)'s order: which of them comes next depends on the order in which they
 * came into their queues.
 */
export class Queues {
  readonly #queues: Record<QueueName, BaseJail[]> = { idle: [], ready: [], depend: [], sleeping: [], runnable: [] };
  readonly #place = new Map<BaseJail, QueueName>();
  readonly #dependencies: Dependency[] = [];
  readonly #from = new Map<BaseJail, Dependency[]>();
  readonly #to = new Map<BaseJail, Dependency[]>();
  #index: readonly { readonly key: string; readonly jail: BaseJail }[] = [];
  readonly #messages: DependencyMessages;

  constructor(messages: DependencyMessages) {
    this.#messages = messages;
  }

  /** Jails of one queue, in order. */
  in(queue: QueueName): readonly BaseJail[] {
    return this.#queues[queue];
  }

  add(jail: BaseJail): void {
    this.#place.set(jail, "idle");
    this.#queues.idle.push(jail);
  }

  /** From here on the jails that are known now can be found by name. */
  index(): void {
    const known = this.#queues.idle.map((jail) => ({ key: textToLatin1(jail.name ?? ""), jail }));
    this.#index = known.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  }

  /** The jail of a name. Of several that have it, it is the one that bsearch(3) comes to. */
  find(name: string): BaseJail | undefined {
    const key = textToLatin1(name);
    let from = 0;
    for (let left = this.#index.length; left > 0; left >>= 1) {
      const at = from + (left >> 1);
      const middle = this.#index[at];
      if (middle === undefined || middle.key === key) return middle?.jail;
      if (key < middle.key) continue;
      from = at + 1;
      left--;
    }
    return undefined;
  }

  /** Moves a jail to the end of a queue, unless it is in it. */
  move(jail: BaseJail, queue: QueueName): void {
    if (this.#place.get(jail) !== queue) this.insert(jail, queue, this.#queues[queue].length);
  }

  /** Moves a jail to a place in a queue. */
  insert(jail: BaseJail, queue: QueueName, at: number): void {
    const old = this.#queues[this.#place.get(jail) ?? "idle"];
    const index = old.indexOf(jail);
    if (index >= 0) old.splice(index, 1);
    this.#queues[queue].splice(at, 0, jail);
    this.#place.set(jail, queue);
  }

  /** A jail failed: it comes next. */
  fail(jail: BaseJail): void {
    jail.flags.failed = true;
    this.insert(jail, "ready", 0);
  }

  /** The next jail that is ready; those that go down are taken from the end. */
  takeReady(): BaseJail | undefined {
    const { ready } = this.#queues;
    const first = ready[0];
    if (first === undefined || !goesDown(first.flags)) return first;
    return ready.findLast((jail) => goesDown(jail.flags)) ?? first;
  }

  depend(from: BaseJail, to: BaseJail, light: boolean): void {
    const dependency = { from, to, light, seen: false };
    this.#dependencies.push(dependency);
    this.#from.set(from, [...(this.#from.get(from) ?? []), dependency]);
    this.#to.set(to, [...(this.#to.get(to) ?? []), dependency]);
  }

  /** Finds loops: their jails have failed. Leaves the jails at rest in an order in which they could be started. */
  breakLoops(): void {
    const strong = this.#dependencies.filter(({ light }) => !light).length;
    if (strong === 0 || (strong === 1 && this.#dependencies.length === 1)) return;
    for (const jail of [...this.#queues.idle]) {
      jail.begin({});
      this.count(jail);
      this.move(jail, jail.waitsFor > 0 ? "depend" : "ready");
    }
    const settle = (): void => {
      for (let jail = this.#queues.ready[0]; jail !== undefined; jail = this.#queues.ready[0]) {
        this.move(jail, "idle");
        this.done(jail, { light: false, spread: false });
      }
    };
    settle();
    for (let jail = this.#queues.depend[0]; jail !== undefined; jail = this.#queues.depend[0]) {
      this.#messages.warn(jail, "dependency loop");
      jail.flags.failed = true;
      this.move(jail, "idle");
      this.done(jail, { light: false, spread: false });
      settle();
    }
    for (const dependency of this.#dependencies) dependency.seen = false;
  }

  /** Counts again what a jail waits for. */
  count(jail: BaseJail): void {
    jail.waitsFor = this.#needs(jail).length;
  }

  /** Whether a jail has to wait for others, which are then set to work. */
  mustWait(jail: BaseJail): boolean {
    if (jail.waitsFor === 0) return false;
    const down = goesDown(jail.flags);
    let open = 0;
    for (const dependency of this.#needs(jail)) {
      if (dependency.seen) continue;
      const other = down ? dependency.from : dependency.to;
      if (other.flags.failed) {
        this.#skip(jail);
        continue;
      }
      this.#engage(jail, other);
      if (!(dependency.light && (down ? other.jid < 0 : other.jid > 0))) open++;
    }
    if (open === 0) return false;
    this.move(jail, "depend");
    return true;
  }

  /**
   * A jail is done: those that waited for it may go on.
   *
   * @param light it only exists, or is gone, as yet
   * @param spread its failure is that of the jails that need it
   */
  done(jail: BaseJail, { light, spread }: { readonly light: boolean; readonly spread: boolean }): void {
    const down = goesDown(jail.flags);
    for (const dependency of (down ? this.#from : this.#to).get(jail) ?? []) {
      if (dependency.seen || (light && !dependency.light)) continue;
      dependency.seen = true;
      const other = down ? dependency.to : dependency.from;
      const { start, set, stop, depend, failed } = jail.flags;
      const onlyLookedAt = set && !start && !stop && depend;
      if (spread && failed && !onlyLookedAt) this.#skip(other);
      other.waitsFor--;
      if (other.waitsFor === 0 && this.#place.get(other) === "depend") this.move(other, "ready");
    }
  }

  #needs(jail: BaseJail): readonly Dependency[] {
    return (goesDown(jail.flags) ? this.#to : this.#from).get(jail) ?? [];
  }

  #skip(jail: BaseJail): void {
    const { depend, failed } = jail.flags;
    if (!depend && !failed && this.#messages.mentionSkipped) this.#messages.warn(jail, "skipped");
    jail.flags.failed = true;
  }

  /** Sets a jail that another depends on to do what that one needs. */
  #engage(jail: BaseJail, other: BaseJail): void {
    const operations = ({ start, set, stop }: BaseJail["flags"]): number => Number(start) + Number(set) + Number(stop);
    if (operations(other.flags) > 1) return;
    const { flags } = other;
    let again = false;
    if (operations(flags) === 0) {
      again = true;
      flags.depend = true;
      this.move(other, "ready");
    }
    const wanted = jail.flags;
    if (wanted.stop && !wanted.set) {
      if (!flags.stop) again = true;
      flags.stop = true;
      if (flags.set) Object.assign(flags, { set: false, start: !flags.start });
    } else if (wanted.start && !wanted.set && !wanted.stop) flags.start = true;
    else if (wanted.set && !wanted.start && !wanted.stop) {
      if (operations(flags) === 0) flags.set = true;
      else if (flags.stop) flags.start = true;
    }
    if (again) this.count(other);
  }
}

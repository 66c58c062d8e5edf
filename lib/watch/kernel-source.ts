import type { RawEvent } from "../binding.js";
import { checked } from "../call.js";
import type { JailHost } from "../host.js";
import type { Happening, WatchedJail, WatchScope } from "./event.js";
import { differenceOf, type Listed, listBelow, shown } from "./known.js";

const CHILD = 0x80000000;
const SET = 0x40000000;
const ATTACH = 0x20000000;
const REMOVE = 0x10000000;
const MULTI = 0x08000000;
const ALL = 0xf8000000;
/** How often a jail that is dying is looked at: no event tells of its end. */
const DYING_MS = 100;

const has = (event: RawEvent, note: number) => (event.fflags & note) !== 0;

/**
 * What the kernel's own filters tell (FreeBSD 15: EVFILT_JAIL), put into words. One on this process's own jail tells of new
 * jails right below it, one on each jail of the rest; of a child's removal only the child's own.
 */
export class KernelSource {
  readonly #host: JailHost;
  readonly #scope: WatchScope;
  readonly #signal: AbortSignal;
  readonly #queue: number;
  readonly #watched = new Set<number>();
  /** Jails whose new name was seen before the event that tells of it. */
  readonly #ahead = new Set<number>();
  #known = new Map<number, Listed>();

  private constructor(host: JailHost, scope: WatchScope, queue: number, signal: AbortSignal) {
    this.#host = host;
    this.#scope = scope;
    this.#queue = queue;
    this.#signal = signal;
  }

  /** Undefined where the kernel has no such events. */
  static async open(host: JailHost, scope: WatchScope, signal: AbortSignal): Promise<KernelSource | undefined> {
    const opened = await host.kernel.eventsOpen({ signal });
    if (opened.error?.code === "ENOSYS") return undefined;
    return new KernelSource(host, scope, checked(opened).value, signal);
  }

  async close(): Promise<void> {
    await this.#host.kernel.eventsClose(this.#queue);
  }

  async *events(): AsyncGenerator<Happening> {
    // Registered first, listed then: what happens between is told twice rather than never, and known the second time.
    if (this.#scope.root === 0)
      checked(await this.#host.kernel.eventsAddJail(this.#queue, 0, ALL, { signal: this.#signal }));
    this.#known = await this.#listWatched();
    await this.#scope.confirm(this.#signal);
    for (const jail of this.#known.values()) yield { type: "exists", ...shown(jail) };
    let next = this.#next();
    next.catch(() => undefined);
    while (this.#scope.root === 0 || this.#known.has(this.#scope.root)) {
      const dying = [...this.#known.values()].some((jail) => jail.dying);
      const batch = dying ? await Promise.race([next, later(DYING_MS, this.#signal)]) : await next;
      if (batch === undefined) {
        yield* this.#compare([]);
      } else {
        if (batch.length === 0) return;
        next = this.#next();
        next.catch(() => undefined);
        yield* this.#compare(batch);
      }
    }
  }

  async #next(): Promise<readonly RawEvent[]> {
    return checked(await this.#host.kernel.eventsNext(this.#queue, { signal: this.#signal })).events;
  }

  /** Lists, and watches what is new, until nothing new is found: a child may come before its parent is watched. */
  async #listWatched(): Promise<Map<number, Listed>> {
    const options = { signal: this.#signal, values: false };
    for (;;) {
      const listed = await listBelow(this.#host, this.#scope.root, options);
      const fresh = [...listed.values()].filter(({ jid, dying }) => !dying && !this.#watched.has(jid));
      if (fresh.length === 0) return listed;
      for (const { jid } of fresh) {
        const added = await this.#host.kernel.eventsAddJail(this.#queue, jid, ALL, { signal: this.#signal });
        // Gone again: the next list says so.
        if (added.error?.code !== "ENOENT") checked(added);
        if (added.error === undefined) this.#watched.add(jid);
      }
    }
  }

  async *#compare(batch: readonly RawEvent[]): AsyncGenerator<Happening> {
    for (const event of batch) if (has(event, REMOVE)) this.#watched.delete(event.ident);
    const before = this.#known;
    const now = await this.#listWatched();
    this.#known = now;
    const removed = batch.filter((event) => has(event, REMOVE)).flatMap(({ ident }) => before.get(ident) ?? []);
    // A jid that was given to another jail meanwhile is a removal and a creation.
    const replaced = removed.filter(({ jid, dying }) => !dying && now.get(jid)?.dying === false);
    const old = new Map(before);
    for (const jail of replaced) {
      yield { type: "removed", ...shown(jail), dying: true };
      yield { type: "gone", ...shown(jail), dying: true };
      old.delete(jail.jid);
    }
    const { created, removed: ended, gone, updated } = differenceOf(old, now);
    yield* this.#creations(batch, old, created);
    for (const event of batch) yield* this.#changes(event, old, now, created);
    for (const jail of updated) {
      if (batch.some((event) => event.ident === jail.jid && has(event, SET))) continue;
      this.#ahead.add(jail.jid);
      yield renamed(jail, old);
    }
    for (const jail of ended) yield { type: "removed", ...jail };
    for (const jail of gone) yield { type: "gone", ...jail };
  }

  *#creations(
    batch: readonly RawEvent[],
    old: ReadonlyMap<number, Listed>,
    created: readonly WatchedJail[],
  ): Generator<Happening> {
    const births = batch.filter((event) => has(event, CHILD));
    const single = births.filter((event) => !has(event, MULTI) && event.data > 0);
    const unseen = single.filter(({ data }) => !old.has(data) && !created.some(({ jid }) => jid === data)).length;
    if (births.length > single.length || unseen > 0) {
      const passed = births.length > single.length ? undefined : unseen;
      const none = { updated: [], removed: [], gone: [] };
      yield { type: "resync", reason: "coalesced", created: [...created], ...none, passed };
      return;
    }
    for (const jail of created) yield { type: "created", ...jail };
  }

  *#changes(
    event: RawEvent,
    old: ReadonlyMap<number, Listed>,
    now: ReadonlyMap<number, Listed>,
    created: readonly WatchedJail[],
  ): Generator<Happening> {
    const jail = now.get(event.ident) ?? old.get(event.ident) ?? created.find(({ jid }) => jid === event.ident);
    if (jail === undefined) return;
    if (has(event, SET)) {
      const told = this.#ahead.delete(jail.jid) && old.get(jail.jid)?.name === jail.name;
      if (!told) yield renamed(jail, old);
    }
    if (has(event, ATTACH)) {
      const pid = has(event, MULTI) || event.data === 0 ? undefined : event.data;
      yield { type: "attached", ...shown(jail), pid };
    }
  }
}

function renamed(jail: WatchedJail, old: ReadonlyMap<number, WatchedJail>): Happening {
  const previous = old.get(jail.jid)?.name;
  const changed = previous !== undefined && previous !== jail.name;
  return { type: "updated", ...shown(jail), ...(changed ? { previousName: previous } : {}) };
}

/** Resolves with nothing, later; at once when the signal aborts. */
export function later(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(over, ms);
    function over(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve(undefined);
    }
    signal.addEventListener("abort", over, { once: true });
    if (signal.aborted) over();
  });
}

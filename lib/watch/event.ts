/** A jail as a watcher knows it. */
export interface WatchedJail {
  readonly jid: number;
  /** The full name. */
  readonly name: string;
  /** The jid of the jail it is in; 0 is this process's own. */
  readonly parent: number;
  /** It was removed, and something still holds it. */
  readonly dying: boolean;
}

interface Numbered {
  /** Counts what happened, from 1: where numbers are left out, so many events were dropped, and a resync says with what effect. */
  readonly number: number;
}

/** It was there when the watch began. */
export interface ExistsEvent extends Numbered, WatchedJail {
  readonly type: "exists";
}

/** It is new. */
export interface CreatedEvent extends Numbered, WatchedJail {
  readonly type: "created";
}

/** A parameter of it was set; several at once, or to what they were, are one event too. */
export interface UpdatedEvent extends Numbered, WatchedJail {
  readonly type: "updated";
  /** The name before, where that is what changed. */
  readonly previousName?: string;
}

/** A process entered it from outside. Those that are started by others inside do not count. */
export interface AttachedEvent extends Numbered, WatchedJail {
  readonly type: "attached";
  /** The process; undefined where there were several, whose number the kernel does not tell. */
  readonly pid: number | undefined;
}

/** It was removed, or ended with its last process; something may still hold it. */
export interface RemovedEvent extends Numbered, WatchedJail {
  readonly type: "removed";
}

/** The kernel has let go of it. */
export interface GoneEvent extends Numbered, WatchedJail {
  readonly type: "gone";
}

/** More happened than is told one by one: what is different now. */
export interface ResyncEvent extends Numbered {
  readonly type: "resync";
  /** Whether the kernel put events together, or this program did not read them in time. */
  readonly reason: "coalesced" | "behind";
  /** Jails that are new since. */
  readonly created: readonly WatchedJail[];
  /** Jails that are not as they were. */
  readonly updated: readonly WatchedJail[];
  /** Jails that were removed meanwhile, whether or not they are gone. */
  readonly removed: readonly WatchedJail[];
  /** Jails that the kernel has let go of meanwhile. */
  readonly gone: readonly WatchedJail[];
  /** Jails that came and went unseen; undefined where their number is not known. */
  readonly passed: number | undefined;
}

/** Something that happened to a jail. */
export type WatchEvent =
  | ExistsEvent
  | CreatedEvent
  | UpdatedEvent
  | AttachedEvent
  | RemovedEvent
  | GoneEvent
  | ResyncEvent;

/** Events before they are numbered. */
export type Happening = WatchEvent extends infer Event
  ? Event extends WatchEvent
    ? Omit<Event, "number">
    : never
  : never;

/** Which jails are watched. */
export interface WatchScope {
  /** This jail and those inside it; 0: those below this process's own. */
  readonly root: number;
  /** Rejects where `root` is not the jail that is meant any more. */
  readonly confirm: (signal: AbortSignal) => Promise<unknown>;
}

/** Options of `watch`. */
export interface WatchOptions {
  /** Ends the watch, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Events that may wait to be read; beyond it they are dropped, and a resync comes in their place. Default 1024. */
  readonly buffer?: number | undefined;
  /** Milliseconds between two looks, where the kernel has no events of jails and lists are compared. Default 250. */
  readonly interval?: number | undefined;
}

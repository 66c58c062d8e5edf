import { JAIL_DYING } from "../binding.js";
import { type CallOptions, checked } from "../call.js";
import type { JailHost } from "../host.js";
import { decodeRows } from "../params/decode.js";
import type { Happening, WatchedJail } from "./event.js";

/** A jail of a list, and what its parameters were. */
export interface Listed extends WatchedJail {
  /** All that can be set of it, where lists are compared. */
  readonly values: string;
}

const NAMES = ["jid", "name", "parent", "dying"];

function plain(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** The jails below one (0: below this process's own), that one included; with `values` their parameters too. */
export async function listBelow(
  host: JailHost,
  root: number,
  { values, ...options }: CallOptions & { readonly values: boolean },
): Promise<Map<number, Listed>> {
  const settable = values ? Array.from(host.parameters).filter((each) => each.settable === "always") : [];
  const names = [...NAMES, ...settable.map(({ name }) => name)].filter(
    (name) => host.parameters.get(name) !== undefined,
  );
  const columns = host.columns(names);
  const fields = columns.map(({ field }) => field);
  const rows = decodeRows(checked(await host.kernel.jailList(fields, JAIL_DYING, options)), names, columns);
  const all = rows.map((row): Listed => {
    const { jid, name, parent, dying, ...rest } = row;
    const known = { jid: Number(jid), name: String(name), parent: Number(parent ?? 0), dying: dying === true };
    return { ...known, values: values ? JSON.stringify(rest, plain) : "" };
  });
  const below = new Map<number, Listed>();
  for (let before = -1; before < below.size; ) {
    before = below.size;
    for (const jail of all) {
      if (root === 0 || jail.jid === root || below.has(jail.parent)) below.set(jail.jid, jail);
    }
  }
  return new Map([...below].sort(([a], [b]) => a - b));
}

/** A jail without what only a comparison needs. */
export function shown({ jid, name, parent, dying }: WatchedJail): WatchedJail {
  return { jid, name, parent, dying };
}

/** What a difference is made of. */
export interface Difference {
  readonly created: WatchedJail[];
  readonly updated: WatchedJail[];
  readonly removed: WatchedJail[];
  readonly gone: WatchedJail[];
}

/** What became of jails between two looks. One whose name changed was renamed. */
export function differenceOf(
  before: ReadonlyMap<number, WatchedJail>,
  after: ReadonlyMap<number, WatchedJail>,
): Difference {
  const difference: Difference = { created: [], updated: [], removed: [], gone: [] };
  for (const jail of after.values()) {
    const known = before.get(jail.jid);
    // A jail that is dying does not come back to life: it is another one.
    if (known === undefined || (known.dying && !jail.dying)) difference.created.push(shown(jail));
    else if (known.name !== jail.name) difference.updated.push(shown(jail));
    if (jail.dying && known?.dying !== true) difference.removed.push(shown(jail));
  }
  for (const jail of before.values()) {
    const now = after.get(jail.jid);
    if (now !== undefined && !(jail.dying && !now.dying)) continue;
    if (!jail.dying) difference.removed.push(shown({ ...jail, dying: true }));
    difference.gone.push(shown({ ...jail, dying: true }));
  }
  return difference;
}

/** Keeps up what a reader of events knows. */
export function apply(known: Map<number, WatchedJail>, event: Happening): void {
  if (event.type === "resync") {
    for (const { jid } of event.gone) known.delete(jid);
    for (const jail of [...event.created, ...event.updated, ...event.removed]) {
      if (!event.gone.some(({ jid, name }) => jid === jail.jid && name === jail.name)) known.set(jail.jid, shown(jail));
    }
  } else if (event.type === "gone") known.delete(event.jid);
  else known.set(event.jid, shown(event));
}

/**
 * Parameters as libjail sees them: what the base system's commands say of a name or a value, in their words.
 */

/** What a parameter's values are, by the kernel's table. */
export type BaseType = "int" | "uint" | "long" | "ulong" | "int64" | "uint64" | "string" | "ip4" | "ip6" | "other";

/** A line of the kernel's table of parameters. */
export interface TableEntry {
  /** `ip4.addr`; the mode of a group has the group's name, `ip4`. */
  readonly name: string;
  readonly type: BaseType;
  /** A list of values. */
  readonly array: boolean;
  readonly boolean: boolean;
  /** `new`, `inherit` or `disable`. */
  readonly jailsys: boolean;
  /** KEY=VALUE lines, each key a parameter of its own. */
  readonly keyvalue: boolean;
  /** Can be changed on a jail that runs. */
  readonly writable: boolean;
  /** Is fixed when the jail is created. */
  readonly tunable: boolean;
}

/** A parameter as it was asked for: a line of the table, its negation, or a key of it. */
export interface BaseParameter {
  readonly name: string;
  readonly entry: TableEntry;
  /** The name is that of a boolean with "no" before its last component. */
  readonly negated: boolean;
  /** The name is that of a key, `meta.owner`. */
  readonly key: boolean;
}

/** What a jail's parameter has for a value; null is a key that is not there. */
export type BaseValue = boolean | number | bigint | string | readonly string[] | null;

/** The name without the "no" before its last component; undefined where it has none. */
export function affirm(name: string): string | undefined {
  const last = name.lastIndexOf(".") + 1;
  return name.startsWith("no", last) ? name.slice(0, last) + name.slice(last + 2) : undefined;
}

function ownEntry(name: string): TableEntry {
  const kind = { array: false, boolean: false, jailsys: false, keyvalue: false };
  return { name, type: "int", ...kind, writable: true, tunable: false };
}

/** Parameters that libjail knows by itself; they are in no kernel's table. */
const OWN: ReadonlyMap<string, TableEntry> = new Map(["lastjid", "desc"].map((name) => [name, ownEntry(name)]));

/** Finds a parameter by name; undefined where the kernel has none, also none that it would be the negation or a key of. */
export function findParameter(table: ReadonlyMap<string, TableEntry>, name: string): BaseParameter | undefined {
  const entry = OWN.get(name) ?? table.get(name);
  if (entry !== undefined) return { name, entry, negated: false, key: false };
  const affirmed = affirm(name);
  const positive = affirmed === undefined ? undefined : table.get(affirmed);
  if (positive !== undefined)
    return positive.boolean ? { name, entry: positive, negated: true, key: false } : undefined;
  const dot = name.indexOf(".");
  // A key without a name has the kernel of FreeBSD 15.1 look for it for ever, holding a lock: it never gets to see one.
  const whole = dot < 0 || dot + 1 === name.length ? undefined : table.get(name.slice(0, dot));
  return whole?.keyvalue ? { name, entry: whole, negated: false, key: true } : undefined;
}

/** What a jail has of a parameter, as text. */
export function exportValue(value: BaseValue): string {
  return Array.isArray(value) ? value.join(",") : value === null ? "" : String(value);
}

/** Orders parameters as jls(8) does: those without a dot first, then by bytes. */
export function compareNames(one: string, other: string): number {
  const dots = Number(one.includes(".")) - Number(other.includes("."));
  if (dots !== 0) return dots;
  return one < other ? -1 : one > other ? 1 : 0;
}

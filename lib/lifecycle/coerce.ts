import type { ParameterTable } from "../params/table.js";

/**
 * A value as the typed parameters want it, from what jail.conf or an operator wrote: `"3"` for a number, `"true"` for a
 * boolean, a list of one for a scalar. What does not fit is left as it is, for the kernel's table to refuse.
 */
export function coerce(table: ParameterTable, name: string, value: unknown): unknown {
  const parameter = table.get(name) ?? table.negated(name);
  const kind = parameter?.kind ?? (table.keyed(name) === undefined ? undefined : "string");
  if (kind === "ip4" || kind === "ip6") {
    const list = Array.isArray(value) ? value : value === true ? [] : [value];
    return list.filter((item) => item !== "" && item !== "-");
  }
  // A scalar takes its last value, as jail(8) does; a name without a value is true.
  const last: unknown = Array.isArray(value) ? (value.length === 0 ? true : value.at(-1)) : value;
  if (kind === undefined || last === undefined || last === null) return last;
  if (kind === "boolean") return last === "true" || last === "" ? true : last === "false" ? false : last;
  if (kind === "jailsys") return last === true ? "new" : last === false ? "disable" : last;
  if (kind === "string" || kind === "keyvalue")
    return typeof last === "number" ? String(last) : last === true ? "" : last;
  if (kind === "unknown" || typeof last !== "string" || !/^-?(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(last)) return last;
  const number = last.startsWith("-") ? -BigInt(last.slice(1)) : BigInt(last);
  return kind === "long" || kind === "ulong" ? number : Number(number);
}

/** All of a jail's kernel parameters, as {@link coerce} makes them. */
export function coerceAll(
  table: ParameterTable,
  parameters: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, coerce(table, name, value)]));
}

import { isIPv4, isIPv6 } from "node:net";
import type { Given } from "../calls.js";
import { type BaseParameter, type BaseValue, exportValue, findParameter, type TableEntry } from "../libjail.js";
import type { BaseJail } from "./model.js";
import { leadingInteger } from "./names.js";
import { quote } from "./output.js";

/** A parameter for the kernel. */
export interface Imported {
  readonly parameter: BaseParameter;
  /** What it is to be, in the type that the kernel's table gives; undefined where only the name was given. */
  readonly value: BaseValue | undefined;
}

/** A value that libjail takes, or its words against it. */
type Parsed = { readonly value: BaseValue } | { readonly problem: string };

const JAILSYS = ["disable", "new", "inherit"];
const WIDTHS: Readonly<Record<string, readonly [bits: number, signed: boolean]>> = {
  int: [32, true],
  uint: [32, false],
  long: [64, true],
  ulong: [64, false],
  int64: [64, true],
  uint64: [64, false],
};

/**
 * Takes a jail's parameters for the kernel out of their texts.
 *
 * @returns what is wrong, in libjail's words, where anything is
 */
export function importParameters(
  jail: BaseJail,
  table: ReadonlyMap<string, TableEntry>,
): { readonly imported: readonly Imported[]; readonly problems: readonly string[] } {
  const imported: Imported[] = [];
  const problems: string[] = [];
  for (const { name, values, internal } of jail.parameters) {
    if (internal) continue;
    const parameter = findParameter(table, name);
    if (parameter === undefined) {
      problems.push(`unknown parameter: ${name}`);
      continue;
    }
    if (values.length === 0) {
      imported.push({ parameter, value: undefined });
      continue;
    }
    const text = parameter.entry.array ? values.join(",") : (values.at(-1) ?? "");
    const parsed = parseValue(parameter, text);
    if ("problem" in parsed) problems.push(parsed.problem);
    else imported.push({ parameter, value: parsed.value });
  }
  return { imported, problems };
}

function parseValue({ name, entry }: BaseParameter, text: string): Parsed {
  if (entry.type === "string") return { value: text };
  if (entry.array) {
    if (text === "" || text === "-") return { value: [] };
    const addresses = text.split(",");
    for (const address of addresses) {
      const fits = entry.type === "ip4" ? isIPv4(address) : isIPv6(address) && !address.includes("%");
      const family = entry.type === "ip4" ? "IPv4" : "IPv6";
      if (!fits) return { problem: `${name}: not an ${family} address: ${address}` };
    }
    return { value: addresses };
  }
  if (entry.boolean) {
    const word = text.toLowerCase();
    if (word === "true" || word === "false") return { value: word === "true" };
    const number = leadingInteger(text);
    return number.whole ? { value: number.value !== 0 } : { problem: `${name}: unknown boolean value "${text}"` };
  }
  if (entry.jailsys) {
    if (text === "") return { value: "new" };
    const word = JAILSYS.find((known) => known === text.toLowerCase());
    if (word !== undefined) return { value: word };
    const number = leadingInteger(text);
    return number.whole
      ? { value: JAILSYS[number.value] ?? number.value }
      : { problem: `${name}: unknown jailsys value "${text}"` };
  }
  const width = WIDTHS[entry.type];
  if (width === undefined) return { problem: `unknown type for ${name}` };
  if (!leadingInteger(text).whole) return { problem: `${name}: non-integer value "${text}"` };
  return { value: narrow(text, ...width) };
}

/** What strtol(3) and the assignment after it make of a number: cut at 64 bits, then its low bits. */
function narrow(text: string, bits: number, signed: boolean): number | bigint {
  const whole = text.trim() === "" ? 0n : BigInt(text.trim().replace(/^\+/, ""));
  const [least, most] = signed ? [-(1n << 63n), (1n << 63n) - 1n] : [-(1n << 64n) + 1n, (1n << 64n) - 1n];
  const cut = whole < least ? least : whole > most ? most : whole;
  const value = signed ? BigInt.asIntN(bits, cut) : BigInt.asUintN(bits, cut);
  return bits === 32 ? Number(value) : value;
}

/** What a parameter is for the kernel where only its name was given. */
function bare({ parameter: { entry, key } }: Imported): BaseValue {
  if (key) return null;
  if (entry.boolean) return true;
  if (entry.array) return [];
  if (entry.jailsys) return "new";
  // An empty text is no number; libjail makes 0 of it.
  return entry.type === "string" ? "" : 0;
}

/** The parameters as the kernel gets them. */
export function toGiven(imported: readonly Imported[]): Given[] {
  return imported.map((each) => ({ parameter: each.parameter, value: valueOf(each) }));
}

/** What a parameter is to be, also where only its name was given. */
export function valueOf(imported: Imported): BaseValue {
  const { parameter, value = bare(imported) } = imported;
  return parameter.negated ? value !== true : value;
}

/** The parameters as -v prints them: what was given, and what libjail made of a name alone. */
export function describe(imported: readonly Imported[]): string {
  return imported
    .map((each) => {
      const { parameter, value } = each;
      const { entry, key } = parameter;
      const silent = entry.boolean || entry.array || key;
      if (value === undefined && silent) return ` ${parameter.name}`;
      return ` ${parameter.name}=${quote(exportValue(value === undefined ? bare(each) : value))}`;
    })
    .join("");
}

/** `persist`, as jail(8) adds it while commands are to come. */
export function persistent(table: ReadonlyMap<string, TableEntry>): Imported | undefined {
  const parameter = findParameter(table, "persist");
  return parameter === undefined ? undefined : { parameter, value: undefined };
}

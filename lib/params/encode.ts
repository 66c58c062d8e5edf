import type { RawIovec } from "../binding.js";
import { JailParameterError } from "../errors.js";
import { ipv4Bytes, ipv6Bytes } from "./address.js";
import { negate, type Parameter, type ParameterTable } from "./table.js";

/** A name and its value's bytes; `null` is a NULL value, as a boolean is written. */
export type Pair = readonly [name: string, value: Uint8Array | null];

/** What the calls themselves are told by, and how a jail is found: no parameters of a jail. */
const RESERVED = new Set(["desc", "nodesc", "errmsg", "noerrmsg", "lastjid"]);

/** What every kernel takes of some integers. */
const RANGES: Readonly<Record<string, readonly [low: number, high: number]>> = {
  enforce_statfs: [0, 2],
  devfs_ruleset: [0, 65535],
};

/** Bytes of a list that the kernel copies in, with its bookkeeping for each pair. */
const MOST_BYTES = 64 * 1024;
const BOOKKEEPING = 48;
/** Of these, what creating or changing a jail adds: which one, its descriptor, room for the kernel's words. */
const ROOM = 2048;

const JAILSYS: readonly unknown[] = ["disable", "new", "inherit"];

/** A text with its NUL. */
export function text(name: string, value: unknown, size = Number.POSITIVE_INFINITY): Uint8Array {
  if (typeof value !== "string") throw new JailParameterError(name, value, "it must be a string");
  if (value.includes("\0")) throw new JailParameterError(name, value, "it must not have a NUL character");
  const bytes = Buffer.from(`${value}\0`);
  if (bytes.length > size) {
    throw new JailParameterError(
      name,
      value,
      `it has ${bytes.length - 1} bytes, and the kernel takes at most ${size - 1}`,
    );
  }
  return bytes;
}

/** A 32-bit integer in the machine's byte order (both orders of the systems that have jails are little-endian). */
export function int32(name: string, value: unknown, unsigned = false): Uint8Array {
  const [low, high] = unsigned ? [0, 0xffffffff] : [-0x80000000, 0x7fffffff];
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw new JailParameterError(name, value, `it must be an integer from ${low} to ${high}`);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

function int64(name: string, value: unknown, unsigned: boolean): Uint8Array {
  const rule = "it must be a bigint of 64 bits, or a safe integer";
  if (typeof value !== "bigint" && !(typeof value === "number" && Number.isSafeInteger(value))) {
    throw new JailParameterError(name, value, rule);
  }
  const wide = BigInt(value);
  if (unsigned ? wide < 0n || wide >= 1n << 64n : wide < -(1n << 63n) || wide >= 1n << 63n) {
    throw new JailParameterError(name, value, rule);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, wide));
  return bytes;
}

function addresses(name: string, value: unknown, parse: (text: string) => Uint8Array | undefined): Uint8Array {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === "" ? [] : [value];
  return Buffer.concat(
    list.map((item) => {
      const bytes = typeof item === "string" ? parse(item) : undefined;
      if (bytes === undefined) {
        throw new JailParameterError(name, item, "it must be an address, without interface, mask or zone");
      }
      return bytes;
    }),
  );
}

/** A key of `meta` or `env`, and its value: what the kernel keeps is a line of a text. */
function checkedLine(name: string, key: string, value: unknown): string {
  if (key === "" || /[=\n]/.test(key))
    throw new JailParameterError(name, key, "a key must not be empty, nor have = or a newline");
  if (typeof value !== "string" || value.includes("\n"))
    throw new JailParameterError(name, value, "it must be a string of one line");
  return value;
}

function keyValues(name: string, value: unknown, size: number): Uint8Array {
  if (typeof value !== "object" || value === null) return text(name, value, size);
  const lines = Object.entries(value).map(([key, item]) => `${key}=${checkedLine(`${name}.${key}`, key, item)}\n`);
  return text(name, lines.join(""), size);
}

function keyed(name: string, value: unknown, size: number): Pair {
  const key = name.slice(name.indexOf(".") + 1);
  if (value !== null) return [name, text(name, checkedLine(name, key, value), size)];
  checkedLine(name, key, "");
  return [name, null];
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new JailParameterError(name, value, "it must be true or false");
  return value;
}

/** A value by what it looks like, for a name that the kernel's table does not have: the kernel has the last word. */
function byLooks(name: string, value: unknown): Pair {
  if (typeof value === "boolean") return [value ? name : negate(name), null];
  if (value === null) return [name, null];
  if (typeof value === "number") return [name, int32(name, value)];
  if (typeof value === "bigint") return [name, int64(name, value, value >= 0n)];
  if (value instanceof Uint8Array) return [name, value];
  return [name, text(name, value)];
}

function known(parameter: Parameter, value: unknown): Pair {
  const { name, kind, size } = parameter;
  if (parameter.settable === "never") throw new JailParameterError(name, value, "it can only be read");
  switch (kind) {
    case "boolean":
      return [boolean(name, value) ? name : negate(name), null];
    case "jailsys": {
      const index = JAILSYS.indexOf(value);
      if (index === -1) throw new JailParameterError(name, value, 'it must be "new", "inherit" or "disable"');
      return [name, int32(name, index)];
    }
    case "int":
    case "uint": {
      const bytes = int32(name, value, kind === "uint");
      const [low, high] = RANGES[name] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      if (Number(value) < low || Number(value) > high)
        throw new JailParameterError(name, value, `it must be an integer from ${low} to ${high}`);
      return [name, bytes];
    }
    case "long":
    case "ulong":
      return [name, int64(name, value, kind === "ulong")];
    case "string":
      return [name, text(name, value, size)];
    case "keyvalue":
      return [name, keyValues(name, value, size)];
    case "ip4":
      return [name, addresses(name, value, ipv4Bytes)];
    case "ip6":
      return [name, addresses(name, value, ipv6Bytes)];
    default:
      return byLooks(name, value);
  }
}

/**
 * Parameters as the kernel takes them, by its own table. `undefined` values are left out.
 *
 * @throws JailParameterError for a value that no kernel would take.
 */
export function encode(table: ParameterTable, parameters: Readonly<Record<string, unknown>>): Pair[] {
  const pairs: Pair[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    if (name === "" || name.includes("\0") || RESERVED.has(name))
      throw new JailParameterError(name, value, "it is not a parameter's name");
    const parameter = table.get(name);
    const negated = parameter === undefined ? table.negated(name) : undefined;
    const family = parameter === undefined ? table.keyed(name) : undefined;
    if (parameter !== undefined) pairs.push(known(parameter, value));
    else if (negated !== undefined) pairs.push(known(negated, !boolean(name, value)));
    else if (family !== undefined) pairs.push(keyed(name, value, family.size));
    else pairs.push(byLooks(name, value));
  }
  checkFamilies(table, pairs);
  const bytes = pairs.map(([name, value]) => Buffer.byteLength(name) + 1 + (value?.length ?? 0) + BOOKKEEPING);
  const total = bytes.reduce((sum, each) => sum + each, 0);
  if (total > MOST_BYTES - ROOM) {
    const [longest] = pairs[bytes.indexOf(Math.max(...bytes))] as Pair;
    const rule = `the parameters have ${total} bytes together, and the kernel takes at most ${MOST_BYTES - ROOM}`;
    throw new JailParameterError(longest.slice(0, 80), parameters[longest], rule);
  }
  return pairs;
}

/**
 * That the keys given of `meta`, or of `env`, fit what the kernel keeps of them all. It would find out when it has made the
 * jail already, and FreeBSD 15 then leaves one behind that is dying for ever.
 */
function checkFamilies(table: ParameterTable, pairs: readonly Pair[]): void {
  const totals = new Map<string, number>();
  for (const [name, value] of pairs) {
    const family = value === null ? undefined : table.keyed(name);
    if (family === undefined || value === null) continue;
    const line = Buffer.byteLength(name) - family.name.length - 1 + 1 + value.length;
    const total = (totals.get(family.name) ?? 0) + line;
    if (total > family.size)
      throw new JailParameterError(
        name,
        Buffer.from(value).toString("utf8", 0, value.length - 1),
        `the keys of ${family.name} have more than ${family.size} bytes together`,
      );
    totals.set(family.name, total);
  }
}

/** Pairs as one packed list, with an `errmsg` buffer of the kernel's own length behind them. */
export function pack(pairs: readonly Pair[]): RawIovec {
  const parts: Uint8Array[] = [];
  const lengths: number[] = [];
  for (const [name, value] of [...pairs, ["errmsg", new Uint8Array(1024)] as const]) {
    const bytes = Buffer.from(`${name}\0`);
    parts.push(bytes);
    lengths.push(bytes.length, value === null ? -1 : value.length);
    if (value !== null) parts.push(value);
  }
  return { data: Buffer.concat(parts), lengths: Int32Array.from(lengths) };
}

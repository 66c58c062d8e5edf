import type { RawField, RawRows } from "../binding.js";
import { ipv4Text, ipv6Text } from "./address.js";
import type { Parameter, ParameterTable } from "./table.js";

const JAILSYS = ["disable", "new", "inherit"] as const;
/** Bytes offered for a key of `meta` or `env`, and for a list, before the kernel says how many it needs. */
const FIRST_ROOM = 256;

/** A value from where it begins to where it ends. */
type Decode = (data: Buffer, at: number, end: number) => unknown;

/** What to ask the kernel for, and how to read its answer. */
export interface Column {
  readonly field: RawField;
  readonly decode: Decode;
}

function list(size: number, write: (address: Uint8Array) => string): Decode {
  return (data, from, end) => {
    const addresses: string[] = [];
    for (let at = from; at + size <= end; at += size) addresses.push(write(data.subarray(at, at + size)));
    return addresses;
  };
}

const string: Decode = (data, at, end) => (at === end ? "" : data.toString("utf8", at, end));

/** The kernel gives numbers in full: fewer bytes would be read together with the value after them. */
function numeric(size: number, read: (data: Buffer, at: number) => unknown): Decode {
  return (data, at, end) => {
    if (end - at < size) throw new RangeError(`a value of ${size} bytes has ${end - at}`);
    return read(data, at);
  };
}

function decoder({ kind, size }: Parameter): Decode {
  switch (kind) {
    case "boolean":
      return numeric(4, (data, at) => data.readInt32LE(at) !== 0);
    case "jailsys":
      return numeric(4, (data, at) => JAILSYS[data.readInt32LE(at)] ?? data.readInt32LE(at));
    case "int":
      return numeric(4, (data, at) => data.readInt32LE(at));
    case "uint":
      return numeric(4, (data, at) => data.readUInt32LE(at));
    case "long":
      return numeric(8, (data, at) => data.readBigInt64LE(at));
    case "ulong":
      return numeric(8, (data, at) => data.readBigUInt64LE(at));
    case "ip4":
      return list(size, ipv4Text);
    case "ip6":
      return list(size, ipv6Text);
    case "string":
    case "keyvalue":
      return string;
    default:
      return (data, at, end) => new Uint8Array(data.subarray(at, end));
  }
}

/** The column for one parameter; undefined for a name that the table does not have. */
export function column(table: ParameterTable, name: string): Column | undefined {
  const parameter = table.get(name);
  if (parameter !== undefined) {
    const { kind, size } = parameter;
    const array = kind === "ip4" || kind === "ip6";
    const isText = kind === "string" || kind === "keyvalue";
    return {
      field: { name, size: array ? FIRST_ROOM : size, grows: array || kind === "keyvalue", text: isText },
      decode: decoder(parameter),
    };
  }
  const negated = table.negated(name);
  if (negated !== undefined) return { field: { name, size: 4, grows: false, text: false }, decode: decoder(negated) };
  const keyed = table.keyed(name);
  // A FreeBSD 15 that is asked for a key without a name looks for it for ever.
  if (keyed === undefined || name.endsWith(".")) return undefined;
  return {
    field: { name, size: keyed.size, grows: false, text: false },
    // A key that is not there has no bytes at all; one with an empty text has its NUL.
    decode: (data, at, end) => {
      if (at === end) return undefined;
      const nul = data.indexOf(0, at);
      return string(data, at, nul < 0 || nul >= end ? at : nul);
    },
  };
}

/** From how many rows on a row to copy is worth making. */
const MANY = 8;

/** A row to copy: one that is made property by property becomes a dictionary, which is slow to fill and takes much room. */
function blankRow(names: readonly string[]): Record<string, unknown> {
  return JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join(",")}}`);
}

/** Rows as objects, a property for each column, under the names given. */
export function decodeRows(
  rows: RawRows,
  names: readonly string[],
  columns: readonly Column[],
): Record<string, unknown>[] {
  const data = Buffer.from(rows.data.buffer, rows.data.byteOffset, rows.data.byteLength);
  const blank = rows.rows >= MANY ? blankRow(names) : {};
  const result: Record<string, unknown>[] = [];
  let [at, cell] = [0, 0];
  for (let row = 0; row < rows.rows; row++) {
    const object = { ...blank };
    for (let i = 0; i < columns.length; i++) {
      const end = at + (rows.lengths[cell++] ?? 0);
      object[names[i] as string] = (columns[i] as Column).decode(data, at, end);
      at = end;
    }
    result.push(object);
  }
  return result;
}

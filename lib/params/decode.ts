import type { RawField, RawRows } from "../binding.js";
import { ipv4Text, ipv6Text } from "./address.js";
import type { Parameter, ParameterTable } from "./table.js";

const JAILSYS = ["disable", "new", "inherit"] as const;
/** Bytes offered for a key of `meta` or `env`, and for a list, before the kernel says how many it needs. */
const FIRST_ROOM = 256;

/** What to ask the kernel for, and how to read its answer. */
export interface Column {
  readonly field: RawField;
  readonly decode: (bytes: Buffer) => unknown;
}

function list(bytes: Buffer, size: number, write: (address: Uint8Array) => string): string[] {
  const addresses: string[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) addresses.push(write(bytes.subarray(at, at + size)));
  return addresses;
}

const string = (bytes: Buffer): string => (bytes.length === 0 ? "" : bytes.toString("utf8"));

function decoder({ kind, size }: Parameter): (bytes: Buffer) => unknown {
  switch (kind) {
    case "boolean":
      return (bytes) => bytes.readInt32LE(0) !== 0;
    case "jailsys":
      return (bytes) => JAILSYS[bytes.readInt32LE(0)] ?? bytes.readInt32LE(0);
    case "int":
      return (bytes) => bytes.readInt32LE(0);
    case "uint":
      return (bytes) => bytes.readUInt32LE(0);
    case "long":
      return (bytes) => bytes.readBigInt64LE(0);
    case "ulong":
      return (bytes) => bytes.readBigUInt64LE(0);
    case "ip4":
      return (bytes) => list(bytes, size, ipv4Text);
    case "ip6":
      return (bytes) => list(bytes, size, ipv6Text);
    case "string":
    case "keyvalue":
      return string;
    default:
      return (bytes) => new Uint8Array(bytes);
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
    decode: (bytes) => (bytes.length === 0 ? undefined : string(bytes.subarray(0, Math.max(bytes.indexOf(0), 0)))),
  };
}

/** Rows as objects, a property for each column, under the names given. */
export function decodeRows(
  rows: RawRows,
  names: readonly string[],
  columns: readonly Column[],
): Record<string, unknown>[] {
  const data = Buffer.from(rows.data.buffer, rows.data.byteOffset, rows.data.byteLength);
  const result: Record<string, unknown>[] = [];
  let [at, cell] = [0, 0];
  for (let row = 0; row < rows.rows; row++) {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) {
      const end = at + (rows.lengths[cell++] ?? 0);
      object[names[i] as string] = (columns[i] as Column).decode(data.subarray(at, end));
      at = end;
    }
    result.push(object);
  }
  return result;
}

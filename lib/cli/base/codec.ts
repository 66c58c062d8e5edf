import type { RawField, RawIovec, RawSysctlNode } from "../../binding.js";
import { affirm, type BaseParameter, type BaseType, type BaseValue, negate, type TableEntry } from "./libjail.js";

const PREFIX = "security.jail.param.";
const WRITABLE = 0x40000000;
const TUNABLE = 0x00080000;
const ERRMSG_ROOM = 1024;
const JAILSYS = ["disable", "new", "inherit"];

/** Kinds of sysctl values, as the low bits of a node's kind number them. */
const TYPES: Readonly<Record<number, BaseType>> = {
  2: "int", 3: "string", 4: "int64", 6: "uint", 7: "long", 8: "ulong", 9: "uint64",
};

/** A line of the table, with the room that a value needs. */
export interface SizedEntry extends TableEntry {
  readonly size: number;
}

/** The kernel's table of parameters by name. */
export function readTable(nodes: readonly RawSysctlNode[]): Map<string, SizedEntry> {
  const table = new Map<string, SizedEntry>();
  for (const { name, kind, format, value } of nodes) {
    if (!name.startsWith(PREFIX)) continue;
    const array = format.endsWith(",a");
    const plain = array ? format.slice(0, -2) : format;
    const struct = plain === "S,in_addr" ? "ip4" : plain === "S,in6_addr" ? "ip6" : "other";
    const type = TYPES[kind & 0xf] ?? struct;
    const own = name.slice(PREFIX.length).replace(/\.$/, "");
    table.set(own, {
      name: own,
      type,
      array,
      boolean: type === "int" && format.startsWith("B"),
      jailsys: type === "int" && format === "E,jailsys",
      keyvalue: type === "string" && format === "A,keyvalue",
      writable: (kind & WRITABLE) !== 0,
      tunable: (kind & TUNABLE) !== 0,
      size: sizeOf(type, value),
    });
  }
  return table;
}

function sizeOf(type: BaseType, value: Uint8Array): number {
  if (type === "string") return Number.parseInt(Buffer.from(value).toString("latin1"), 10) || 0;
  if (type === "ip4") return 4;
  if (type === "ip6") return 16;
  if (type === "other") return value.length;
  return type === "int" || type === "uint" ? 4 : 8;
}

/** How a parameter is asked for. */
export function fieldOf({ name, entry, key }: BaseParameter, sizes: ReadonlyMap<string, SizedEntry>): RawField {
  const size = sizes.get(entry.name)?.size ?? 0;
  const text = entry.type === "string" && !key;
  return { name, size: entry.array ? 0 : size, grows: entry.array, ...(text ? { text } : {}) };
}

/** What a kernel wrote for a parameter. */
export function decodeValue({ entry, key }: BaseParameter, bytes: Uint8Array): BaseValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.type === "string") {
    if (key && bytes.length === 0) return null;
    const end = bytes.indexOf(0);
    return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
  }
  if (entry.type === "ip4" || entry.type === "ip6") {
    const width = entry.type === "ip4" ? 4 : 16;
    const list: string[] = [];
    for (let at = 0; at + width <= bytes.length; at += width) list.push(addressText(bytes.subarray(at, at + width)));
    return list;
  }
  if (bytes.length >= 8) {
    const signed = entry.type === "long" || entry.type === "int64";
    return signed ? view.getBigInt64(0, true) : view.getBigUint64(0, true);
  }
  if (bytes.length < 4) return 0;
  if (entry.type === "uint") return view.getUint32(0, true);
  const number = view.getInt32(0, true);
  if (entry.boolean && (number === 0 || number === 1)) return number === 1;
  return entry.jailsys ? (JAILSYS[number] ?? number) : number;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  // inet_ntop(3) of FreeBSD shows IPv4 in the last 32 bits of ::/96 and ::ffff:0:0/96; a URL's host does not.
  const zeros = (count: number): boolean => words.slice(0, count).every((word) => word === 0);
  const dotted = bytes.subarray(12).join(".");
  if (zeros(5) && words[5] === 0xffff) return `::ffff:${dotted}`;
  if (zeros(6) && words[6] !== 0) return `::${dotted}`;
  return new URL(`http://[${words.map((word) => word.toString(16)).join(":")}]/`).hostname.slice(1, -1);
}

/** An iovec list of parameters, with room for the kernel's message at its end. */
export class ListBuilder {
  readonly #pieces: Buffer[] = [];
  readonly #lengths: number[] = [];

  /** A name with bytes; without bytes the kernel gets no value at all. */
  put(name: string, bytes: Buffer | undefined): this {
    const text = Buffer.from(`${name}\0`);
    this.#pieces.push(text);
    this.#lengths.push(text.length, bytes === undefined ? -1 : bytes.length);
    if (bytes !== undefined) this.#pieces.push(bytes);
    return this;
  }

  putNumber(name: string, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.put(name, bytes);
  }

  putText(name: string, value: string): this {
    return this.put(name, Buffer.from(`${value}\0`));
  }

  /** A parameter; a boolean goes by its name, which says whether it is set. */
  putValue(parameter: BaseParameter, value: BaseValue): this {
    const { name, entry } = parameter;
    if (entry.boolean) {
      const positive = parameter.negated ? (affirm(name) ?? name) : name;
      return this.put(value === true ? positive : negate(positive), undefined);
    }
    return this.put(name, value === null ? undefined : encodeValue(entry, value));
  }

  finish(): RawIovec {
    this.put("errmsg", Buffer.alloc(ERRMSG_ROOM));
    return { data: Buffer.concat(this.#pieces), lengths: Int32Array.from(this.#lengths) };
  }
}

function encodeValue(entry: TableEntry, value: BaseValue): Buffer {
  if (Array.isArray(value)) return Buffer.concat(value.map((address) => addressBytes(String(address))));
  if (entry.type === "string") return Buffer.from(`${String(value)}\0`);
  const wide = entry.type !== "int" && entry.type !== "uint";
  const word = typeof value === "string" && entry.jailsys ? Math.max(JAILSYS.indexOf(value), 0) : value;
  const number = BigInt(word as number | bigint);
  const bytes = Buffer.alloc(wide ? 8 : 4);
  if (wide) bytes.writeBigUInt64LE(BigInt.asUintN(64, number));
  else bytes.writeUInt32LE(Number(BigInt.asUintN(32, number)));
  return bytes;
}

function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string | undefined, low: string | undefined): string =>
    ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted === null ? address : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [head = "", tail] = plain.split("::");
  const words = (text: string): number[] => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const [before, after] = [words(head), words(tail ?? "")];
  const all = [...before, ...new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

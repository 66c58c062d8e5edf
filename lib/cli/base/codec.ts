import type { RawField, RawIovec, RawSysctlNode } from "../../binding.js";
import { bytesToText, textToBytes } from "../../bytes-text.js";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../params/address.js";
import { type Pair, pack } from "../../params/encode.js";
import { negate } from "../../params/table.js";
import { affirm, type BaseParameter, type BaseType, type BaseValue, type TableEntry } from "./libjail.js";

const PREFIX = "security.jail.param.";
const WRITABLE = 0x40000000;
const TUNABLE = 0x00080000;
const JAILSYS = ["disable", "new", "inherit"];

/** Kinds of sysctl values, as the low bits of a node's kind number them. */
const TYPES: Readonly<Record<number, BaseType>> = {
  2: "int",
  3: "string",
  4: "int64",
  6: "uint",
  7: "long",
  8: "ulong",
  9: "uint64",
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
  const size = sizes.get(entry.name)?.size ?? (entry.type === "int" ? 4 : 0);
  const text = entry.type === "string" && !key;
  return { name, size: entry.array ? 0 : size, grows: entry.array, ...(text ? { text } : {}) };
}

/** What a kernel wrote for a parameter. */
export function decodeValue({ entry, key }: BaseParameter, bytes: Uint8Array): BaseValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.type === "string") {
    if (key && bytes.length === 0) return null;
    const end = bytes.indexOf(0);
    return bytesToText(end < 0 ? bytes : bytes.subarray(0, end));
  }
  if (entry.type === "ip4" || entry.type === "ip6") {
    const [width, write] = entry.type === "ip4" ? ([4, ipv4Text] as const) : ([16, ipv6Text] as const);
    const list: string[] = [];
    for (let at = 0; at + width <= bytes.length; at += width) list.push(write(bytes.subarray(at, at + width)));
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

/** An iovec list of parameters, with room for the kernel's message at its end. */
export class ListBuilder {
  readonly #pairs: Pair[] = [];

  /** A name with bytes; without bytes the kernel gets no value at all. */
  put(name: string, bytes: Uint8Array | undefined): this {
    this.#pairs.push([name, bytes ?? null]);
    return this;
  }

  putNumber(name: string, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return this.put(name, bytes);
  }

  putText(name: string, value: string): this {
    return this.put(name, textToBytes(`${value}\0`));
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
    return pack(this.#pairs);
  }
}

function encodeValue(entry: TableEntry, value: BaseValue): Buffer {
  if (Array.isArray(value)) {
    const read = entry.type === "ip4" ? ipv4Bytes : ipv6Bytes;
    return Buffer.concat(value.map((address) => read(String(address)) ?? Buffer.alloc(0)));
  }
  if (entry.type === "string") return textToBytes(`${String(value)}\0`);
  const wide = entry.type !== "int" && entry.type !== "uint";
  const word = typeof value === "string" && entry.jailsys ? Math.max(JAILSYS.indexOf(value), 0) : value;
  const number = BigInt(word as number | bigint);
  const bytes = Buffer.alloc(wide ? 8 : 4);
  if (wide) bytes.writeBigUInt64LE(BigInt.asUintN(64, number));
  else bytes.writeUInt32LE(Number(BigInt.asUintN(32, number)));
  return bytes;
}

/** Arguments and results as they cross the border: iovec lists, fields, rows. */
import { types } from "node:util";
import type { AddonKernel, AddonRows, AddonScratch } from "./addon.js";
import type { RawField, RawIovec, RawKey, RawRows } from "./binding.js";

const HEADER = 16;
const SLOTS = 16;
const decoder = new TextDecoder();

/** A list's value by name, as the kernel left it; undefined where the list has none with a buffer. */
export function valueIn(name: string, iov: RawIovec, after: RawIovec): Uint8Array | undefined {
  let at = 0;
  let found: Uint8Array | undefined;
  for (let i = 0; i + 1 < iov.lengths.length; i += 2) {
    const nameRoom = Math.max(iov.lengths[i] ?? 0, 0);
    const room = Math.max(iov.lengths[i + 1] ?? 0, 0);
    if (nameRoom === name.length + 1 && room > 0) {
      const written = decoder.decode(after.data.subarray(at, at + name.length));
      if (written === name) found = after.data.subarray(at + nameRoom, at + nameRoom + room);
    }
    at += nameRoom + room;
  }
  return found;
}

/** The text before the first NUL. */
export function textOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "";
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** The caller's list, refused where it is none. */
export function checkedIovec(iov: RawIovec): RawIovec {
  if (typeof iov !== "object" || iov === null) throw new TypeError("iov must be an object of data and lengths");
  if (!types.isUint8Array(iov.data)) throw new TypeError("iov.data must be a Uint8Array");
  if (!types.isInt32Array(iov.lengths)) throw new TypeError("iov.lengths must be an Int32Array");
  return iov;
}

/** A copy of the caller's list: the kernel writes into it, on another thread for the asynchronous calls. */
export function copyOf(iov: RawIovec): RawIovec {
  return { data: new Uint8Array(iov.data), lengths: new Int32Array(iov.lengths) };
}

/** A key as the addon takes it. */
export function keyOf(key: RawKey): [kind: number, value: string | number] {
  if (typeof key === "object" && key !== null) {
    if ("jid" in key) return [0, key.jid];
    if ("name" in key) return [1, key.name];
    if ("desc" in key) return [2, key.desc];
  }
  throw new TypeError("key must be { jid }, { name } or { desc }");
}

/** Rows that have a buffer of their own; their error without its name. */
export function rowsOf(buffer: AddonRows, columns: number): RawRows & { errno: number; message: string } {
  const header = new Int32Array(buffer, 0, 4);
  const [value, errno, rows, said] = [header[0] ?? 0, header[1] ?? 0, header[2] ?? 0, header[3] ?? 0];
  const lengths = new Int32Array(buffer, HEADER, rows * columns);
  const at = HEADER + lengths.byteLength;
  const end = buffer.byteLength - said;
  const message = said === 0 ? "" : decoder.decode(new Uint8Array(buffer, end));
  return { value, errno, message, rows, lengths, data: new Uint8Array(buffer, at, end - at) };
}

/** The memory that the sync calls share with the addon: read out before the next call can come. */
export class Scratch {
  readonly #bytes: Uint8Array;
  readonly #ints: Int32Array;

  constructor(buffer: ArrayBuffer) {
    this.#bytes = new Uint8Array(buffer);
    this.#ints = new Int32Array(buffer);
  }

  /** Whether the list fits. */
  put(iov: RawIovec): boolean {
    const head = 4 * iov.lengths.length;
    if (head + iov.data.length > this.#bytes.length) return false;
    this.#ints.set(iov.lengths);
    this.#bytes.set(iov.data, head);
    return true;
  }

  /** The list that was put, as the kernel left it. */
  take(iov: RawIovec): RawIovec {
    const head = 4 * iov.lengths.length;
    return { data: this.#bytes.slice(head, head + iov.data.length), lengths: this.#ints.slice(0, iov.lengths.length) };
  }

  /** Rows, wherever they are: copies of a few bytes are made much faster than an ArrayBuffer. */
  rows(answer: AddonScratch, columns: number): RawRows & { errno: number; message: string } {
    if (typeof answer !== "number") return rowsOf(answer, columns);
    if (this.#ints[1] !== 0) return rowsOf(this.#bytes.slice(0, answer).buffer, columns);
    const [value, rows] = [this.#ints[0] ?? 0, this.#ints[2] ?? 0];
    const at = HEADER + 4 * rows * columns;
    return {
      value,
      errno: 0,
      message: "",
      rows,
      lengths: this.#ints.slice(4, at / 4),
      data: this.#bytes.slice(at, answer),
    };
  }
}

function same(one: readonly RawField[], other: readonly RawField[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) {
    const [a, b] = [one[i], other[i]];
    if (a === undefined || b === undefined || a.name !== b.name || a.size !== b.size) return false;
    if (Boolean(a.grows) !== Boolean(b.grows) || Boolean(a.text) !== Boolean(b.text)) return false;
  }
  return true;
}

/** The lists of fields that a kernel has been given lately: callers ask for the same few again and again. */
export class FieldSlots {
  readonly #kernel: AddonKernel;
  readonly #lists: (readonly RawField[])[] = [];
  #oldest = 0;

  constructor(kernel: AddonKernel) {
    this.#kernel = kernel;
  }

  /** The slot that holds these fields. @throws TypeError where they are none. */
  slotOf(fields: readonly RawField[]): number {
    if (!Array.isArray(fields)) throw new TypeError("fields must be an array");
    for (let slot = 0; slot < this.#lists.length; slot++) {
      if (same(this.#lists[slot] ?? [], fields)) return slot;
    }
    return this.#set(fields);
  }

  #set(fields: readonly RawField[]): number {
    const spec = new Int32Array(2 * fields.length);
    const copies: RawField[] = [];
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i];
      if (typeof field?.name !== "string" || field.name.includes("\0")) {
        throw new TypeError(`fields[${i}].name must be a string without NUL`);
      }
      if (!Number.isInteger(field.size) || field.size < 0 || field.size > 1 << 20) {
        throw new TypeError(`fields[${i}].size must be an integer from 0 to 1048576`);
      }
      spec[2 * i] = field.size;
      spec[2 * i + 1] = (field.grows ? 1 : 0) | (field.text ? 2 : 0);
      copies.push({ name: field.name, size: field.size, grows: Boolean(field.grows), text: Boolean(field.text) });
    }
    const slot = this.#oldest;
    this.#kernel.setFields(slot, copies.map(({ name }) => name).join("\0"), spec);
    this.#lists[slot] = copies;
    this.#oldest = (slot + 1) % SLOTS;
    return slot;
  }
}

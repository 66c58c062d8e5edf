/** The raw calls, answered by the addon: its numbers become outcomes, and nothing else happens here. */
import { types } from "node:util";
import { abortable } from "./abort.js";
import type { AddonEvents, AddonKernel, AddonNode, AddonRows } from "./addon.js";
import {
  JAIL_GET_DESC,
  JAIL_OWN_DESC,
  type LocalKernel,
  type RawError,
  type RawEvents,
  type RawField,
  type RawIovec,
  type RawIovecOutcome,
  type RawKey,
  type RawOptions,
  type RawOutcome,
  type RawRows,
  type RawSysctlNodes,
  type RawSysctlOutcome,
} from "./binding.js";

const EIO = 5;
const EBADF = 9;
const decoder = new TextDecoder();

/** FreeBSD's errno names by number. */
export type ErrnoNames = ReadonlyMap<number, string>;

/** What the kernel refused, by name. */
export function rawError(names: ErrnoNames, errno: number, syscall: string, message = ""): RawError {
  return { code: names.get(errno) ?? "EUNKNOWN", errno, syscall, message };
}

/** A list's value by name, as the kernel left it; undefined where the list has none with a buffer. */
function valueIn(name: string, iov: RawIovec, after: RawIovec): Uint8Array | undefined {
  let at = 0;
  let found: Uint8Array | undefined;
  for (let i = 0; i + 1 < iov.lengths.length; i += 2) {
    const nameRoom = Math.max(iov.lengths[i] as number, 0);
    const room = Math.max(iov.lengths[i + 1] as number, 0);
    if (nameRoom === name.length + 1 && room > 0) {
      const written = decoder.decode(after.data.subarray(at, at + name.length));
      if (written === name) found = after.data.subarray(at + nameRoom, at + nameRoom + room);
    }
    at += nameRoom + room;
  }
  return found;
}

function textOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "";
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** A copy of the caller's list: the kernel writes into it, on another thread for the asynchronous calls. */
function copyOf(iov: RawIovec): RawIovec {
  if (typeof iov !== "object" || iov === null) throw new TypeError("iov must be an object of data and lengths");
  if (!types.isUint8Array(iov.data)) throw new TypeError("iov.data must be a Uint8Array");
  if (!types.isInt32Array(iov.lengths)) throw new TypeError("iov.lengths must be an Int32Array");
  return { data: new Uint8Array(iov.data), lengths: new Int32Array(iov.lengths) };
}

function keyOf(key: RawKey): [kind: string, value: string | number] {
  if (typeof key === "object" && key !== null) {
    if ("jid" in key) return ["jid", key.jid];
    if ("name" in key) return ["name", key.name];
    if ("desc" in key) return ["desc", key.desc];
  }
  throw new TypeError("key must be { jid }, { name } or { desc }");
}

function fieldsOf(fields: readonly RawField[]): [names: string, spec: Int32Array] {
  if (!Array.isArray(fields)) throw new TypeError("fields must be an array");
  const spec = new Int32Array(2 * fields.length);
  let names = "";
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as RawField;
    if (typeof field?.name !== "string" || field.name.includes("\0")) {
      throw new TypeError(`fields[${i}].name must be a string without NUL`);
    }
    if (!Number.isInteger(field.size) || field.size < 0 || field.size > 1 << 20) {
      throw new TypeError(`fields[${i}].size must be an integer from 0 to 1048576`);
    }
    names += i === 0 ? field.name : `\0${field.name}`;
    spec[2 * i] = field.size;
    spec[2 * i + 1] = (field.grows ? 1 : 0) | (field.text ? 2 : 0);
  }
  return [names, spec];
}

function bytesOf(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value !== undefined && !types.isUint8Array(value)) throw new TypeError("value must be a Uint8Array");
  return value;
}

interface Queue {
  readonly events: AddonEvents;
  /** The batch that is under way: one whose caller gave up goes to the next caller, so that no event is lost. */
  batch: ReturnType<AddonEvents["next"]> | undefined;
  waiting: boolean;
}

/** Wraps a kernel that the addon has opened. */
export class AddonBackedKernel implements LocalKernel {
  readonly system = "freebsd";
  readonly simulated: boolean;
  readonly #kernel: AddonKernel;
  readonly #errnos: ErrnoNames;
  readonly #problem: () => string;
  readonly #queues = new Map<number, Queue>();
  #lastQueue = 0;

  /** `problem` tells why a simulated kernel gave EIO; a real one has none. */
  constructor(kernel: AddonKernel, errnos: ErrnoNames, problem?: () => string) {
    this.#kernel = kernel;
    this.#errnos = errnos;
    this.simulated = problem !== undefined;
    this.#problem = problem ?? (() => "");
  }

  #error(errno: number, syscall: string, message = ""): RawError {
    return rawError(this.#errnos, errno, syscall, errno === EIO && message === "" ? this.#problem() : message);
  }

  #outcome(value: number, syscall: string): RawOutcome {
    return value < 0 ? { value: -1, error: this.#error(-value, syscall) } : { value };
  }

  #iovOutcome(value: number, syscall: string, iov: RawIovec, after: RawIovec): RawIovecOutcome {
    if (value >= 0) return { value, data: after.data, lengths: after.lengths };
    const error = this.#error(-value, syscall, textOf(valueIn("errmsg", iov, after)));
    return { value: -1, error, data: after.data, lengths: after.lengths };
  }

  #rows(buffer: AddonRows, columns: number, syscall: string): RawRows {
    const header = new Int32Array(buffer, 0, 4);
    const [value, errno, rows, message] = [header[0] ?? 0, header[1] ?? 0, header[2] ?? 0, header[3] ?? 0];
    const lengths = new Int32Array(buffer, 16, rows * columns);
    const at = 16 + lengths.byteLength;
    const data = new Uint8Array(buffer, at, buffer.byteLength - at - message);
    if (errno === 0) return { value, rows, lengths, data };
    const text = decoder.decode(new Uint8Array(buffer, buffer.byteLength - message, message));
    return { value: -1, error: this.#error(errno, syscall, text), rows, lengths, data };
  }

  #sysctl(buffer: AddonRows): RawSysctlOutcome {
    const { value, error, data } = this.#rows(buffer, 0, "sysctl");
    return error === undefined ? { value, data } : { value, error, data };
  }

  #nodes(answer: number | AddonNode[]): RawSysctlNodes {
    return typeof answer === "number" ? { ...this.#outcome(answer, "sysctl"), nodes: [] } : { value: 0, nodes: answer };
  }

  /** A descriptor that nobody waits for any more is closed: it would keep its right to the jail, or the jail itself. */
  #closeLate(flags: number, iov: RawIovec, late: RawIovecOutcome): void {
    if (late.error !== undefined || (flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) === 0) return;
    const desc = valueIn("desc", iov, late);
    if (desc === undefined || desc.byteLength !== 4) return;
    this.#kernel.closeSync(new DataView(desc.buffer, desc.byteOffset).getInt32(0, true));
  }

  async jailSet(iov: RawIovec, flags: number, options?: RawOptions): Promise<RawIovecOutcome> {
    const after = copyOf(iov);
    const before = { data: after.data, lengths: new Int32Array(after.lengths) };
    return abortable(
      options?.signal,
      async () =>
        this.#iovOutcome(await this.#kernel.jailSet(after.data, after.lengths, flags), "jail_set", before, after),
      (late) => this.#closeLate(flags, before, late),
    );
  }

  async jailGet(iov: RawIovec, flags: number, options?: RawOptions): Promise<RawIovecOutcome> {
    const after = copyOf(iov);
    const before = { data: after.data, lengths: new Int32Array(after.lengths) };
    return abortable(
      options?.signal,
      async () =>
        this.#iovOutcome(await this.#kernel.jailGet(after.data, after.lengths, flags), "jail_get", before, after),
      (late) => this.#closeLate(flags, before, late),
    );
  }

  async jailRead(key: RawKey, fields: readonly RawField[], flags: number, options?: RawOptions): Promise<RawRows> {
    const [kind, value] = keyOf(key);
    const [names, spec] = fieldsOf(fields);
    return abortable(options?.signal, async () =>
      this.#rows(await this.#kernel.jailRead(kind, value, names, spec, flags), fields.length, "jail_get"),
    );
  }

  async jailList(fields: readonly RawField[], flags: number, options?: RawOptions): Promise<RawRows> {
    const [names, spec] = fieldsOf(fields);
    return abortable(options?.signal, async () =>
      this.#rows(await this.#kernel.jailList(names, spec, flags), fields.length, "jail_get"),
    );
  }

  async jailRemove(jid: number, options?: RawOptions): Promise<RawOutcome> {
    return abortable(options?.signal, async () => this.#outcome(await this.#kernel.jailRemove(jid), "jail_remove"));
  }

  async jailRemoveJd(fd: number, options?: RawOptions): Promise<RawOutcome> {
    return abortable(options?.signal, async () => this.#outcome(await this.#kernel.jailRemoveJd(fd), "jail_remove_jd"));
  }

  async close(fd: number, options?: RawOptions): Promise<RawOutcome> {
    return abortable(options?.signal, async () => this.#outcome(await this.#kernel.close(fd), "close"));
  }

  async sysctl(name: string, value?: Uint8Array, options?: RawOptions): Promise<RawSysctlOutcome> {
    const bytes = bytesOf(value);
    return abortable(options?.signal, async () => this.#sysctl(await this.#kernel.sysctl(name, bytes)));
  }

  async sysctlWalk(prefix: string, options?: RawOptions): Promise<RawSysctlNodes> {
    return abortable(options?.signal, async () => this.#nodes(await this.#kernel.sysctlWalk(prefix)));
  }

  jailSetSync(iov: RawIovec, flags: number): RawIovecOutcome {
    const after = copyOf(iov);
    return this.#iovOutcome(this.#kernel.jailSetSync(after.data, after.lengths, flags), "jail_set", iov, after);
  }

  jailGetSync(iov: RawIovec, flags: number): RawIovecOutcome {
    const after = copyOf(iov);
    return this.#iovOutcome(this.#kernel.jailGetSync(after.data, after.lengths, flags), "jail_get", iov, after);
  }

  jailReadSync(key: RawKey, fields: readonly RawField[], flags: number): RawRows {
    const [kind, value] = keyOf(key);
    const [names, spec] = fieldsOf(fields);
    return this.#rows(this.#kernel.jailReadSync(kind, value, names, spec, flags), fields.length, "jail_get");
  }

  jailListSync(fields: readonly RawField[], flags: number): RawRows {
    const [names, spec] = fieldsOf(fields);
    return this.#rows(this.#kernel.jailListSync(names, spec, flags), fields.length, "jail_get");
  }

  jailRemoveSync(jid: number): RawOutcome {
    return this.#outcome(this.#kernel.jailRemoveSync(jid), "jail_remove");
  }

  jailRemoveJdSync(fd: number): RawOutcome {
    return this.#outcome(this.#kernel.jailRemoveJdSync(fd), "jail_remove_jd");
  }

  closeSync(fd: number): RawOutcome {
    return this.#outcome(this.#kernel.closeSync(fd), "close");
  }

  sysctlSync(name: string, value?: Uint8Array): RawSysctlOutcome {
    return this.#sysctl(this.#kernel.sysctlSync(name, bytesOf(value)));
  }

  sysctlWalkSync(prefix: string): RawSysctlNodes {
    return this.#nodes(this.#kernel.sysctlWalkSync(prefix));
  }

  async eventsOpen(options?: RawOptions): Promise<RawOutcome> {
    options?.signal?.throwIfAborted();
    const events = this.#kernel.eventsOpen();
    if (typeof events === "number") return this.#outcome(events, "kqueue");
    this.#lastQueue += 1;
    this.#queues.set(this.#lastQueue, { events, batch: undefined, waiting: false });
    return { value: this.#lastQueue };
  }

  async eventsAddJail(queue: number, jid: number, fflags: number, options?: RawOptions): Promise<RawOutcome> {
    options?.signal?.throwIfAborted();
    return this.#outcome(this.#queues.get(queue)?.events.addJail(jid, fflags) ?? -EBADF, "kevent");
  }

  async eventsAddDescriptor(queue: number, fd: number, fflags: number, options?: RawOptions): Promise<RawOutcome> {
    options?.signal?.throwIfAborted();
    return this.#outcome(this.#queues.get(queue)?.events.addDescriptor(fd, fflags) ?? -EBADF, "kevent");
  }

  async eventsNext(queue: number, options?: RawOptions): Promise<RawEvents> {
    options?.signal?.throwIfAborted();
    const entry = this.#queues.get(queue);
    if (entry === undefined) return { ...this.#outcome(-EBADF, "kevent"), events: [] };
    if (entry.waiting) throw new Error(`eventsNext is already waiting on queue ${queue}`);
    entry.waiting = true;
    try {
      if (entry.batch === undefined) entry.batch = entry.events.next();
      else entry.events.hold(true);
      const batch = entry.batch;
      const answer = await abortable(options?.signal, () => batch);
      entry.batch = undefined;
      if (typeof answer === "number") return { ...this.#outcome(answer, "kevent"), events: [] };
      return { value: answer.length, events: answer };
    } finally {
      entry.waiting = false;
      // Given up: a wait that nobody reads must not keep the process up.
      if (entry.batch !== undefined) entry.events.hold(false);
    }
  }

  async eventsClose(queue: number, options?: RawOptions): Promise<RawOutcome> {
    options?.signal?.throwIfAborted();
    const entry = this.#queues.get(queue);
    if (entry === undefined) return this.#outcome(-EBADF, "close");
    this.#queues.delete(queue);
    entry.events.close();
    return { value: 0 };
  }
}

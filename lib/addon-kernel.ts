/** The raw calls, answered by the addon: its numbers become outcomes, and nothing else happens here. */
import { types } from "node:util";
import { abortable } from "./abort.js";
import type { AddonEvents, AddonKernel, AddonNode } from "./addon.js";
import { checkedIovec, copyOf, FieldSlots, keyOf, rowsOf, type Scratch, textOf, valueIn } from "./addon-lists.js";
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
  type RawProcesses,
  type RawProcessInfo,
  type RawRctlCall,
  type RawRctlOutcome,
  type RawRows,
  type RawSysctlNodes,
  type RawSysctlOutcome,
} from "./binding.js";

const EIO = 5;
const EBADF = 9;
/** FreeBSD's errno names by number. */
export type ErrnoNames = ReadonlyMap<number, string>;

/** In the addon's order. */
const RCTL_CALLS: readonly RawRctlCall[] = ["rctl_get_racct", "rctl_get_rules", "rctl_add_rule", "rctl_remove_rule"];

/** What the kernel refused, by name. */
export function rawError(names: ErrnoNames, errno: number, syscall: string, message = ""): RawError {
  return { code: names.get(errno) ?? "EUNKNOWN", errno, syscall, message };
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

/** What every kernel of one loaded addon shares. */
export interface AddonParts {
  readonly errnos: ErrnoNames;
  readonly scratch: Scratch;
}

/** Wraps a kernel that the addon has opened. */
export class AddonBackedKernel implements LocalKernel {
  readonly system: "freebsd" | "dragonfly";
  readonly simulated: boolean;
  readonly #kernel: AddonKernel;
  readonly #slots: FieldSlots;
  readonly #errnos: ErrnoNames;
  readonly #scratch: Scratch;
  readonly #problem: () => string;
  readonly #queues = new Map<number, Queue>();
  #lastQueue = 0;

  /** `problem` tells why a simulated kernel gave EIO; a real one has none. */
  constructor(
    kernel: AddonKernel,
    { errnos, scratch }: AddonParts,
    system: "freebsd" | "dragonfly",
    problem?: () => string,
  ) {
    this.system = system;
    this.#kernel = kernel;
    this.#slots = new FieldSlots(kernel);
    this.#errnos = errnos;
    this.#scratch = scratch;
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

  #rows({ value, errno, message, rows, lengths, data }: ReturnType<typeof rowsOf>, syscall: string): RawRows {
    if (errno === 0) return { value, rows, lengths, data };
    return { value: -1, error: this.#error(errno, syscall, message), rows, lengths, data };
  }

  #sysctl(given: ReturnType<typeof rowsOf>): RawSysctlOutcome {
    const { value, error, data } = this.#rows(given, "sysctl");
    return error === undefined ? { value, data } : { value, error, data };
  }

  #processes(answer: number | RawProcessInfo[]): RawProcesses {
    if (typeof answer === "number") return { ...this.#outcome(answer, "sysctl"), processes: [] };
    return { value: answer.length, processes: answer };
  }

  #rctl(given: ReturnType<typeof rowsOf>, call: RawRctlCall): RawRctlOutcome {
    const { value, error, data } = this.#rows(given, call);
    return error === undefined ? { value, text: textOf(data) } : { value, error, text: "" };
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
    const after = copyOf(checkedIovec(iov));
    const before = { data: after.data, lengths: new Int32Array(after.lengths) };
    return abortable(
      options?.signal,
      async () =>
        this.#iovOutcome(await this.#kernel.jailSet(after.data, after.lengths, flags), "jail_set", before, after),
      (late) => this.#closeLate(flags, before, late),
    );
  }

  async jailGet(iov: RawIovec, flags: number, options?: RawOptions): Promise<RawIovecOutcome> {
    const after = copyOf(checkedIovec(iov));
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
    const slot = this.#slots.slotOf(fields);
    const columns = fields.length;
    return abortable(options?.signal, async () =>
      this.#rows(rowsOf(await this.#kernel.jailRead(kind, value, slot, flags), columns), "jail_get"),
    );
  }

  async jailList(fields: readonly RawField[], flags: number, options?: RawOptions): Promise<RawRows> {
    const slot = this.#slots.slotOf(fields);
    const columns = fields.length;
    return abortable(options?.signal, async () =>
      this.#rows(rowsOf(await this.#kernel.jailList(slot, flags), columns), "jail_get"),
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
    return abortable(options?.signal, async () => this.#sysctl(rowsOf(await this.#kernel.sysctl(name, bytes), 0)));
  }

  async sysctlWalk(prefix: string, options?: RawOptions): Promise<RawSysctlNodes> {
    return abortable(options?.signal, async () => this.#nodes(await this.#kernel.sysctlWalk(prefix)));
  }

  jailSetSync(iov: RawIovec, flags: number): RawIovecOutcome {
    if (this.#scratch.put(checkedIovec(iov))) {
      const value = this.#kernel.jailSetSync(iov.lengths.length, iov.data.length, flags);
      return this.#iovOutcome(value, "jail_set", iov, this.#scratch.take(iov));
    }
    const after = copyOf(iov);
    return this.#iovOutcome(this.#kernel.jailSetSync(after.data, after.lengths, flags), "jail_set", iov, after);
  }

  jailGetSync(iov: RawIovec, flags: number): RawIovecOutcome {
    if (this.#scratch.put(checkedIovec(iov))) {
      const value = this.#kernel.jailGetSync(iov.lengths.length, iov.data.length, flags);
      return this.#iovOutcome(value, "jail_get", iov, this.#scratch.take(iov));
    }
    const after = copyOf(iov);
    return this.#iovOutcome(this.#kernel.jailGetSync(after.data, after.lengths, flags), "jail_get", iov, after);
  }

  jailReadSync(key: RawKey, fields: readonly RawField[], flags: number): RawRows {
    const [kind, value] = keyOf(key);
    const answer = this.#kernel.jailReadSync(kind, value, this.#slots.slotOf(fields), flags);
    return this.#rows(this.#scratch.rows(answer, fields.length), "jail_get");
  }

  jailListSync(fields: readonly RawField[], flags: number): RawRows {
    const answer = this.#kernel.jailListSync(this.#slots.slotOf(fields), flags);
    return this.#rows(this.#scratch.rows(answer, fields.length), "jail_get");
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
    return this.#sysctl(this.#scratch.rows(this.#kernel.sysctlSync(name, bytesOf(value)), 0));
  }

  sysctlWalkSync(prefix: string): RawSysctlNodes {
    return this.#nodes(this.#kernel.sysctlWalkSync(prefix));
  }

  async processes(options?: RawOptions): Promise<RawProcesses> {
    return abortable(options?.signal, async () => this.#processes(await this.#kernel.processes()));
  }

  processesSync(): RawProcesses {
    return this.#processes(this.#kernel.processesSync());
  }

  async rctl(call: RawRctlCall, filter: string, options?: RawOptions): Promise<RawRctlOutcome> {
    const number = RCTL_CALLS.indexOf(call);
    return abortable(options?.signal, async () => this.#rctl(rowsOf(await this.#kernel.rctl(number, filter), 0), call));
  }

  rctlSync(call: RawRctlCall, filter: string): RawRctlOutcome {
    return this.#rctl(this.#scratch.rows(this.#kernel.rctlSync(RCTL_CALLS.indexOf(call), filter), 0), call);
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

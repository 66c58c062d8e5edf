/**
 * The raw calls, as an interface of plain data: the only file that knows what the addon looks like.
 *
 * Nothing here holds a pointer, a callback or a working directory, so the same calls can be answered by the addon in
 * this process or, over a stream, by another one. What is in this process has {@link RawKernelSync} as well.
 */

/** Flags of `jail_set(2)` and `jail_get(2)`, as `<sys/jail.h>` numbers them. */
export const JAIL_CREATE = 0x01;
export const JAIL_UPDATE = 0x02;
export const JAIL_ATTACH = 0x04;
export const JAIL_DYING = 0x08;
export const JAIL_USE_DESC = 0x10;
export const JAIL_AT_DESC = 0x20;
export const JAIL_GET_DESC = 0x40;
export const JAIL_OWN_DESC = 0x80;

/**
 * An iovec list: names and values alternating, as the system call takes them.
 *
 * `lengths` has one number for each entry: `n >= 0` stands for `n` bytes, taken from `data` in order;
 * `n < 0` stands for a NULL base whose length is `-n - 1` (so `-1` is NULL with length 0, as a boolean is written).
 */
export interface RawIovec {
  readonly data: Uint8Array;
  readonly lengths: Int32Array;
}

/** Why a call failed. `code` is FreeBSD's errno by name, `errno` its number there; `message` is the kernel's errmsg, or "". */
export interface RawError {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly message: string;
}

/** What a call returned: `value`, and `error` exactly when `value` is -1. */
export interface RawOutcome {
  readonly value: number;
  readonly error?: RawError;
}

/**
 * What `jail_set` and `jail_get` returned: the list as the kernel left it. `lengths[i]` is entry `i`'s length after
 * the call (always `>= 0`); `data` holds the bytes of the entries that had a base, each in the room it had before.
 */
export interface RawIovecOutcome extends RawOutcome {
  readonly data: Uint8Array;
  readonly lengths: Int32Array;
}

/** One parameter to read from a jail or from each jail of a list. */
export interface RawField {
  /** The kernel's name, `ip4.addr`. */
  readonly name: string;
  /** Bytes to offer the kernel. */
  readonly size: number;
  /** The value can outgrow `size` (arrays, `meta`, `env`): ask for its size first and again when it has grown meanwhile. */
  readonly grows: boolean;
  /** The value is a string: its row carries what stands before the first NUL. Default false: all bytes the kernel gave. */
  readonly text?: boolean;
}

/** Rows of fields, read in one native call. `lengths[row * fields + column]` bytes of `data` each, in order. */
export interface RawRows extends RawOutcome {
  readonly rows: number;
  readonly lengths: Int32Array;
  readonly data: Uint8Array;
}

/** A sysctl node; `kind` holds flags and type as the kernel packs them (CTLTYPE in the low four bits). */
export interface RawSysctlNode {
  readonly name: string;
  readonly kind: number;
  readonly format: string;
  readonly description: string;
  readonly value: Uint8Array;
}

/** What `sysctl(3)` gave. */
export interface RawSysctlOutcome extends RawOutcome {
  readonly data: Uint8Array;
}

/** What a walk below a sysctl node gave. */
export interface RawSysctlNodes extends RawOutcome {
  readonly nodes: readonly RawSysctlNode[];
}

/** Which jail a read means: by jid, by name, or by descriptor. */
export type RawKey = { readonly jid: number } | { readonly name: string } | { readonly desc: number };

/** Options of every asynchronous call. A call that has reached the kernel is not recalled: the promise rejects, the call ends by itself. */
export interface RawOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One event of the kernel's jail filters (FreeBSD 15: EVFILT_JAIL, EVFILT_JAILDESC). */
export interface RawEvent {
  readonly filter: "jail" | "desc";
  /** The jid (0: this process's own jail) or the descriptor. */
  readonly ident: number;
  /** NOTE_JAIL_CHILD 0x80000000, SET 0x40000000, ATTACH 0x20000000, REMOVE 0x10000000, MULTI 0x08000000. */
  readonly fflags: number;
  readonly data: number;
  readonly eof: boolean;
}

/** A batch of events; empty where the queue was closed. */
export interface RawEvents extends RawOutcome {
  readonly events: readonly RawEvent[];
}

/** The kernel's jail calls. Nothing here throws for what the kernel refuses: that is data. A wrong argument type throws a TypeError. */
export interface RawKernel {
  /** Which system answers, and whether it is a simulation. */
  readonly system: "freebsd" | "dragonfly";
  readonly simulated: boolean;

  jailSet(iov: RawIovec, flags: number, options?: RawOptions): Promise<RawIovecOutcome>;
  jailGet(iov: RawIovec, flags: number, options?: RawOptions): Promise<RawIovecOutcome>;
  /** `jail_get(2)` of some fields of one jail, growing buffers as needed: a single row. */
  jailRead(key: RawKey, fields: readonly RawField[], flags: number, options?: RawOptions): Promise<RawRows>;
  /** `jail_get(2)` by `lastjid` until the end: a row for each jail. */
  jailList(fields: readonly RawField[], flags: number, options?: RawOptions): Promise<RawRows>;
  jailRemove(jid: number, options?: RawOptions): Promise<RawOutcome>;
  jailRemoveJd(fd: number, options?: RawOptions): Promise<RawOutcome>;
  close(fd: number, options?: RawOptions): Promise<RawOutcome>;
  sysctl(name: string, value?: Uint8Array, options?: RawOptions): Promise<RawSysctlOutcome>;
  /** Every leaf below `prefix`, with kind, format, description and value. */
  sysctlWalk(prefix: string, options?: RawOptions): Promise<RawSysctlNodes>;

  /** Opens a queue for jail events; `value` is its number. ENOSYS where the kernel has none. */
  eventsOpen(options?: RawOptions): Promise<RawOutcome>;
  eventsAddJail(queue: number, jid: number, fflags: number, options?: RawOptions): Promise<RawOutcome>;
  eventsAddDescriptor(queue: number, fd: number, fflags: number, options?: RawOptions): Promise<RawOutcome>;
  /** Resolves with the next events. At most one call at a time for a queue. */
  eventsNext(queue: number, options?: RawOptions): Promise<RawEvents>;
  eventsClose(queue: number, options?: RawOptions): Promise<RawOutcome>;
}

/** The same calls without a promise: only for a kernel that is in this process. */
export interface RawKernelSync {
  jailSetSync(iov: RawIovec, flags: number): RawIovecOutcome;
  jailGetSync(iov: RawIovec, flags: number): RawIovecOutcome;
  jailReadSync(key: RawKey, fields: readonly RawField[], flags: number): RawRows;
  jailListSync(fields: readonly RawField[], flags: number): RawRows;
  jailRemoveSync(jid: number): RawOutcome;
  jailRemoveJdSync(fd: number): RawOutcome;
  closeSync(fd: number): RawOutcome;
  sysctlSync(name: string, value?: Uint8Array): RawSysctlOutcome;
  sysctlWalkSync(prefix: string): RawSysctlNodes;
}

/** A kernel in this process. */
export type LocalKernel = RawKernel & RawKernelSync;

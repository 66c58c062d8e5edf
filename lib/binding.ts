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

/** The processes that {@link RawKernel.processes} found. */
export interface RawProcesses extends RawOutcome {
  readonly processes: readonly RawProcessInfo[];
}

/** The calls of rctl(2): what a jail uses, the rules there are, adding one, taking away those that match. */
export type RawRctlCall = "rctl_get_racct" | "rctl_get_rules" | "rctl_add_rule" | "rctl_remove_rule";

/** What rctl(2) gave. */
export interface RawRctlOutcome extends RawOutcome {
  readonly text: string;
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

  /** Every process in a jail below this process's own. */
  processes(options?: RawOptions): Promise<RawProcesses>;
  /** rctl(2), in its own words: `jail:web:maxproc:deny=5`. ENOSYS where the kernel does not count (`kern.racct.enable`). */
  rctl(call: RawRctlCall, filter: string, options?: RawOptions): Promise<RawRctlOutcome>;

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
  processesSync(): RawProcesses;
  rctlSync(call: RawRctlCall, filter: string): RawRctlOutcome;
}

/** A kernel in this process. */
export type LocalKernel = RawKernel & RawKernelSync;

/** Why no kernel could be opened: `code` is `ERR_JAIL_UNSUPPORTED_PLATFORM`, `ERR_JAIL_ADDON` or `ERR_JAIL_SIMULATED`. */
export interface RawOpenError {
  readonly code: "ERR_JAIL_UNSUPPORTED_PLATFORM" | "ERR_JAIL_ADDON" | "ERR_JAIL_SIMULATED";
  readonly message: string;
  readonly cause?: unknown;
}

/** What opening gave: exactly one of `value` and `error`. */
export type RawOpened<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: RawOpenError };

/** A failure to inject: the `nth` next call of this name fails with `code` and `message`, without any effect. */
export interface RawFault {
  /** `jail_set`, `jail_get`, `jail_attach`, `jail_remove`, `jail_attach_jd`, `jail_remove_jd`, `close`, `sysctl`, `kevent`, `rctl_add_rule` and its like; "" (default) is any. */
  readonly call?: string;
  /** 1, the default, is the next such call. */
  readonly nth?: number;
  /** The errno by name, `ENOMEM`. */
  readonly code: string;
  /** What errmsg holds afterwards, where the call gives one. Default "". */
  readonly message?: string;
  /** Every call from the nth on, until the faults are cleared. Default false. */
  readonly repeat?: boolean;
}

/** What exists below a simulated host's root: anything where `any` (default true), else what the lists say. */
export interface RawSimulatedPaths {
  readonly any?: boolean;
  readonly directories?: readonly string[];
  readonly files?: readonly string[];
}

/** A simulated machine to open. Host facts are used when the machine is made; an existing state file keeps its own. */
export interface RawSimulatedOptions {
  /**
   * `"13.2"`, `"14"`, `"15.1-RELEASE"`: FreeBSD 13.0 to 15.1; `"dragonfly-6.4"`: DragonFly BSD 5.8 to 6.5. Default: what
   * the state file says, or 15.1.
   */
  readonly release?: string;
  /** An absolute path: several processes then share the machine. Default: in memory. */
  readonly stateFile?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly hostuuid?: string;
  readonly hostid?: bigint;
  readonly osrelease?: string;
  readonly osreldate?: number;
  /** `"freebsd"`: the directories of a freshly installed FreeBSD. */
  readonly paths?: RawSimulatedPaths | "freebsd";
  /** The last jail id given out; the next automatic one is this plus one. Default 0. */
  readonly lastJid?: number;
  /** The jail id that a dying jail in the way of a new one was last given; the next is this minus one. Default 0: none yet. */
  readonly lastDeadJid?: number;
  /** Where the numbers of simulated descriptors begin. Default 2^30: above every real one. */
  readonly firstDescriptor?: number;
  /** The kernel counts what jails use (`kern.racct.enable`), so that they can be limited. Default false, as FreeBSD comes. */
  readonly racct?: boolean;
  /** Failures that wait from the beginning. */
  readonly faults?: readonly RawFault[];
}

/** A process to start on a simulated machine. */
export interface RawProcessStart {
  /** Where it runs; it holds that jail. 0, the default, is the host. */
  readonly jid?: number;
  /** Default 0. */
  readonly uid?: number;
  /** The name that belongs to it. Default "". */
  readonly user?: string;
  /** What `ps(1)` would show of it. Default "". */
  readonly command?: string;
  /** Signals, by FreeBSD's numbers, that do not end it. */
  readonly ignores?: readonly number[];
  /** Default: the next free one. */
  readonly pid?: number;
  /** It ends when this process of the host has ended. Default: only by exit or a signal. */
  readonly hostPid?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly startedMs?: number;
  /** It came by `jail_attach(2)`: who watches the jail is told. Default false. */
  readonly attaches?: boolean;
}

/** A process in a jail. */
export interface RawProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly jid: number;
  readonly uid: number;
  readonly user: string;
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  /** Of a simulated process: the real one that it ends with. 0: none. */
  readonly hostPid: number;
}

/** One simulated process's view of its machine: what only a process of its own could do on a real one. */
export interface SimulatedView {
  /** The system calls as this process makes them. */
  readonly kernel: LocalKernel;
  readonly pid: number;
  readonly uid: number;
  /** 0 on the host and for a process that has ended. */
  readonly jid: number;
  /** False once it has exited or was killed with its jail: every call of it then fails with ESRCH. */
  readonly alive: boolean;
  /** A child: same jail, user and open descriptors. */
  fork(): SimulatedView;
  setuid(uid: number): void;
  attach(jid: number): RawOutcome;
  attachJd(fd: number): RawOutcome;
  /** Closes its descriptors (a jail owned by the last of them is removed) and leaves its jail. */
  exit(): void;
}

/** What a simulated machine offers beside its kernel. */
export interface SimulatedControls {
  /** `"15.1"`, `"dragonfly-6.4"`. */
  readonly release: string;
  /** A new process on the host, with this user id (default 0). */
  process(uid?: number): SimulatedView;
  /** Why the last call gave EIO; "" when nothing is wrong. */
  problem(): string;
  /** Processes in jails and others that were spawned, in order of pid. */
  processes(): readonly RawProcessInfo[];
  /** `value` is the pid. ENOENT for an unknown jail, EINVAL for a dying one, EEXIST for a pid in use, EAGAIN beyond a limit. */
  spawn(process: RawProcessStart): RawOutcome;
  /** Ends a process by itself. ESRCH where there is none. */
  exit(pid: number): RawOutcome;
  /** `kill(2)` by the host's root; signal 0 only asks. */
  kill(pid: number, signal: number): RawOutcome;
  /** The same for every process of a jail, with its children's on request: `value` is how many there were. */
  killJail(jid: number, signal: number, children: boolean): RawOutcome;
  /** A failure for a call to come; each waits for its own. */
  addFault(fault: RawFault): void;
  /** No failure waits any more. */
  clearFaults(): void;
  /** Keeps a removed jail dying until {@link finishDying}, as a half-closed connection does. */
  holdDying(jid: number): RawOutcome;
  /** Lets go of a jail that {@link holdDying} kept. */
  finishDying(jid: number): RawOutcome;
}

/** A simulated machine: the kernel as a first root process sees it, and the controls. */
export interface SimulatedMachine {
  readonly kernel: LocalKernel;
  readonly controls: SimulatedControls;
}

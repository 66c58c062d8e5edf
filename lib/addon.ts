/**
 * What the compiled addon exports, by hand: numbers and arrays as they cross the border. A call answers its value, or
 * the errno as a negative number; only lib/addon-kernel.ts and lib/addon-simulated.ts read them.
 */
import type { RawFault, RawProcessInfo, RawProcessStart, RawSimulatedOptions } from "./binding.js";

/** Rows in one buffer: int32 value, errno, rows, message length; then int32 lengths, the data, the message. */
export type AddonRows = ArrayBuffer;

/** What a sync face gives: how many bytes of the scratch it has filled, or, where that is too small, rows. */
export type AddonScratch = number | AddonRows;

export interface AddonNode {
  readonly name: string;
  readonly kind: number;
  readonly format: string;
  readonly description: string;
  readonly value: Uint8Array;
}

export interface AddonEvent {
  readonly filter: "jail" | "desc";
  readonly ident: number;
  readonly fflags: number;
  readonly data: number;
  readonly eof: boolean;
}

export interface AddonEvents {
  addJail(jid: number, fflags: number): number;
  addDescriptor(fd: number, fflags: number): number;
  next(): Promise<number | AddonEvent[]>;
  hold(held: boolean): void;
  close(): void;
}

export interface AddonMachine {
  process(uid: number): AddonView;
  release(): string;
  problem(): string;
  processes(): RawProcessInfo[];
  addFault(fault: RawFault): void;
  clearFaults(): void;
  spawn(process: RawProcessStart): number;
  exit(pid: number): number;
  kill(pid: number, signal: number): number;
  killJail(jid: number, signal: number, children: boolean): number;
  holdDying(jid: number): number;
  finishDying(jid: number): number;
}

export interface AddonView {
  kernel(): AddonKernel;
  state(): { pid: number; uid: number; jid: number; alive: boolean };
  fork(): AddonView;
  setuid(uid: number): void;
  exit(): void;
  attach(jid: number): number;
  attachJd(fd: number): number;
}

export interface Addon {
  /** Memory that the sync calls share with JavaScript. */
  readonly scratch: ArrayBuffer;
  /** FreeBSD's errno numbers by name. */
  readonly errnos: Readonly<Record<string, number>>;
  /** Undefined where no kernel of this machine is compiled in. */
  openNative(): AddonKernel | undefined;
  /** The reason as a string where there is no such machine. */
  openSimulated(options: RawSimulatedOptions): AddonMachine | string;
  /** Waits for the exclusive flock(2) of a descriptor's file; 0, or this machine's own errno. */
  lockDescriptor(fd: number): number;
}

export interface AddonKernel {
  /** Both arrays are written back in place. */
  jailSet(data: Uint8Array, lengths: Int32Array, flags: number): Promise<number>;
  jailGet(data: Uint8Array, lengths: Int32Array, flags: number): Promise<number>;
  /** The same; with numbers, `count` lengths and `size` bytes of data after them in the scratch. */
  jailSetSync(data: Uint8Array | number, lengths: Int32Array | number, flags: number): number;
  jailGetSync(data: Uint8Array | number, lengths: Int32Array | number, flags: number): number;
  /**
   * Keeps fields in one of 16 slots for the calls that name it: `names` are joined by NULs, `spec` has two numbers for
   * each: its size, and its traits (1 grows, 2 text).
   */
  setFields(slot: number, names: string, spec: Int32Array): void;
  /** `kind` is 0 for a jid, 1 for a name, 2 for a descriptor. */
  jailRead(kind: number, key: string | number, slot: number, flags: number): Promise<AddonRows>;
  jailReadSync(kind: number, key: string | number, slot: number, flags: number): AddonScratch;
  jailList(slot: number, flags: number): Promise<AddonRows>;
  jailListSync(slot: number, flags: number): AddonScratch;
  jailRemove(jid: number): Promise<number>;
  jailRemoveSync(jid: number): number;
  jailRemoveJd(fd: number): Promise<number>;
  jailRemoveJdSync(fd: number): number;
  close(fd: number): Promise<number>;
  closeSync(fd: number): number;
  sysctl(name: string, value?: Uint8Array): Promise<AddonRows>;
  sysctlSync(name: string, value?: Uint8Array): AddonScratch;
  sysctlWalk(prefix: string): Promise<number | AddonNode[]>;
  sysctlWalkSync(prefix: string): number | AddonNode[];
  processes(): Promise<number | RawProcessInfo[]>;
  processesSync(): number | RawProcessInfo[];
  /** `call` is a place in the order racct, rules, add, remove; what it answers is the data. */
  rctl(call: number, filter: string): Promise<AddonRows>;
  rctlSync(call: number, filter: string): AddonScratch;
  eventsOpen(): number | AddonEvents;
}

/**
 * What the compiled addon exports, by hand: numbers and arrays as they cross the border. A call answers its value, or
 * the errno as a negative number; only lib/addon-kernel.ts and lib/addon-simulated.ts read them.
 */
import type { RawFault, RawProcessInfo, RawProcessStart, RawSimulatedOptions } from "./binding.js";

/** Rows in one buffer: int32 value, errno, rows, message length; then int32 lengths, the data, the message. */
export type AddonRows = ArrayBuffer;

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
  /** FreeBSD's errno numbers by name. */
  readonly errnos: Readonly<Record<string, number>>;
  /** Undefined where no kernel of this machine is compiled in. */
  openNative(): AddonKernel | undefined;
  /** The reason as a string where there is no such machine. */
  openSimulated(options: RawSimulatedOptions): AddonMachine | string;
}

export interface AddonKernel {
  /** Both arrays are written back in place. */
  jailSet(data: Uint8Array, lengths: Int32Array, flags: number): Promise<number>;
  jailSetSync(data: Uint8Array, lengths: Int32Array, flags: number): number;
  jailGet(data: Uint8Array, lengths: Int32Array, flags: number): Promise<number>;
  jailGetSync(data: Uint8Array, lengths: Int32Array, flags: number): number;
  /** `names` are joined by NULs; `spec` has two numbers for each: its size, and its traits (1 grows, 2 text). */
  jailRead(kind: string, key: string | number, names: string, spec: Int32Array, flags: number): Promise<AddonRows>;
  jailReadSync(kind: string, key: string | number, names: string, spec: Int32Array, flags: number): AddonRows;
  jailList(names: string, spec: Int32Array, flags: number): Promise<AddonRows>;
  jailListSync(names: string, spec: Int32Array, flags: number): AddonRows;
  jailRemove(jid: number): Promise<number>;
  jailRemoveSync(jid: number): number;
  jailRemoveJd(fd: number): Promise<number>;
  jailRemoveJdSync(fd: number): number;
  close(fd: number): Promise<number>;
  closeSync(fd: number): number;
  sysctl(name: string, value?: Uint8Array): Promise<AddonRows>;
  sysctlSync(name: string, value?: Uint8Array): AddonRows;
  sysctlWalk(prefix: string): Promise<number | AddonNode[]>;
  sysctlWalkSync(prefix: string): number | AddonNode[];
  eventsOpen(): number | AddonEvents;
}

import type { JailCommand, JailProcess } from "../../../lifecycle/port.js";
import type { Watched } from "../../../machine/run.js";
import type { BaseValue, TableEntry } from "../libjail.js";

/** What the kernel refused, in libjail's words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The errno by name. */
  readonly code: string;
  /** The kernel gave words of its own. */
  readonly explained: boolean;

  constructor(code: string, message: string, explained: boolean) {
    super(message);
    this.code = code;
    this.explained = explained;
  }
}

/** The kernel's jails as jail(8) asks for them. What it refuses is thrown as a {@link Refusal}. */
export interface BaseKernel {
  readonly table: ReadonlyMap<string, TableEntry>;
  /** Makes a jail; resolves with its jid. */
  create(parameters: Readonly<Record<string, BaseValue>>): Promise<number>;
  update(jid: number, parameters: Readonly<Record<string, BaseValue>>): Promise<void>;
  /** Values by name, those that the kernel gives. */
  get(jid: number, names: readonly string[]): Promise<ReadonlyMap<string, BaseValue>>;
  /** The jail of a jid, or of a name where it lives. */
  find(key: number | string, dying: boolean): Promise<{ readonly jid: number; readonly name: string } | undefined>;
  /** Jails that live, in the kernel's order. */
  list(): Promise<readonly { readonly jid: number; readonly name: string }[]>;
  remove(jid: number): Promise<void>;
  start(jid: number, command: JailCommand): Promise<Watched & { readonly pid: number }>;
  processes(jid: number): Promise<readonly JailProcess[]>;
  terminate(jid: number): Promise<void>;
  /** Settings of the host that the old form of the command line takes over, by sysctl's name; undefined where there is none. */
  setting(name: string): Promise<number | undefined>;
}

import {
  JAIL_CREATE,
  JAIL_DYING,
  JAIL_UPDATE,
  type LocalKernel,
  type RawError,
  type RawKey,
  type RawRows,
} from "../../binding.js";
import { strerror } from "../../strerror.js";
import { decodeValue, fieldOf, ListBuilder, readTable, type SizedEntry } from "./codec.js";
import { type BaseParameter, type BaseValue, findParameter } from "./libjail.js";

/** What the kernel refused, in libjail's words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The errno by name. */
  readonly code: string;
  /** The kernel gave words of its own. */
  readonly explained: boolean;

  constructor(error: RawError) {
    super(error.message !== "" ? error.message : `${error.syscall}: ${strerror(error.code)}`);
    this.code = error.code;
    this.explained = error.message !== "";
  }
}

/** A parameter to give the kernel. */
export interface Given {
  readonly parameter: BaseParameter;
  readonly value: BaseValue;
}

/**
 * libjail's calls: the base system's commands say what the kernel says, so nothing is checked before the kernel has
 * seen it.
 *
 * What only asks is asked in this thread: the threads that an asynchronous call takes are longer in starting than the kernel
 * in answering.
 */
export class BaseCalls {
  readonly #kernel: LocalKernel;
  /** The kernel's parameters. */
  readonly table: ReadonlyMap<string, SizedEntry>;

  private constructor(kernel: LocalKernel, table: ReadonlyMap<string, SizedEntry>) {
    this.#kernel = kernel;
    this.table = table;
  }

  /** Reads the kernel's table. @throws Refusal where the kernel gives none. */
  static async open(kernel: LocalKernel): Promise<BaseCalls> {
    const walk = kernel.sysctlWalkSync("security.jail.param");
    if (walk.error !== undefined) throw new Refusal(walk.error);
    return new BaseCalls(kernel, readTable(walk.nodes));
  }

  /** A parameter by name. @throws Refusal where the kernel has none */
  parameter(name: string): BaseParameter {
    const found = findParameter(this.table, name);
    if (found !== undefined) return found;
    throw new Refusal({ code: "ENOENT", errno: 2, syscall: "jail_get", message: `unknown parameter: ${name}` });
  }

  /** Values of one jail. @throws Refusal */
  async read(key: RawKey, parameters: readonly BaseParameter[], dying: boolean): Promise<readonly BaseValue[]> {
    const fields = parameters.map((parameter) => fieldOf(parameter, this.table));
    const rows = this.#kernel.jailReadSync(key, fields, dying ? JAIL_DYING : 0);
    if (rows.error !== undefined) throw new Refusal(rows.error);
    return decodeRows(rows, parameters)[0] ?? [];
  }

  /** Values of every jail, in the kernel's order. @throws Refusal */
  async list(parameters: readonly BaseParameter[], dying: boolean): Promise<readonly (readonly BaseValue[])[]> {
    const fields = parameters.map((parameter) => fieldOf(parameter, this.table));
    const rows = this.#kernel.jailListSync(fields, dying ? JAIL_DYING : 0);
    if (rows.error !== undefined) throw new Refusal(rows.error);
    return decodeRows(rows, parameters);
  }

  /** The jid of a jail. @throws Refusal */
  async jid(key: RawKey, dying = false): Promise<number> {
    const list = new ListBuilder();
    if ("jid" in key) list.putNumber("jid", key.jid);
    else if ("name" in key) list.putText("name", key.name);
    const outcome = this.#kernel.jailGetSync(list.finish(), dying ? JAIL_DYING : 0);
    if (outcome.error !== undefined) throw new Refusal(outcome.error);
    return outcome.value;
  }

  /** Makes a jail. Resolves with its jid. @throws Refusal */
  create(given: readonly Given[]): Promise<number> {
    return this.#set(new ListBuilder(), given, JAIL_CREATE);
  }

  /** Changes a jail. @throws Refusal */
  async update(jid: number, given: readonly Given[]): Promise<void> {
    await this.#set(new ListBuilder().putNumber("jid", jid), given, JAIL_UPDATE);
  }

  /** Asks the kernel to remove a jail. @throws Refusal */
  async remove(jid: number): Promise<void> {
    const outcome = await this.#kernel.jailRemove(jid);
    if (outcome.error !== undefined) throw new Refusal(outcome.error);
  }

  /** A number that the kernel keeps under a sysctl's name; undefined where it keeps none. */
  async setting(name: string): Promise<number | undefined> {
    const { error, data } = this.#kernel.sysctlSync(name);
    if (error !== undefined || data.length < 4) return undefined;
    return new DataView(data.buffer, data.byteOffset, data.byteLength).getInt32(0, true);
  }

  async #set(list: ListBuilder, given: readonly Given[], flags: number): Promise<number> {
    for (const { parameter, value } of given) list.putValue(parameter, value);
    const outcome = await this.#kernel.jailSet(list.finish(), flags);
    if (outcome.error !== undefined) throw new Refusal(outcome.error);
    return outcome.value;
  }
}

function decodeRows(rows: RawRows, parameters: readonly BaseParameter[]): BaseValue[][] {
  const decoded: BaseValue[][] = [];
  let at = 0;
  for (let row = 0; row < rows.rows; row++) {
    const values: BaseValue[] = [];
    for (let column = 0; column < parameters.length; column++) {
      const length = rows.lengths[row * parameters.length + column] ?? 0;
      const parameter = parameters[column];
      if (parameter !== undefined) values.push(decodeValue(parameter, rows.data.subarray(at, at + length)));
      at += length;
    }
    decoded.push(values);
  }
  return decoded;
}

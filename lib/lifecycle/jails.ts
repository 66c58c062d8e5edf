import { isDeepStrictEqual } from "node:util";
import { JAIL_DYING } from "../binding.js";
import { checked } from "../call.js";
import type { JailHost } from "../host.js";
import { releaseLimits } from "../limits/limits.js";
import type { MachineOptions } from "../machine/machine.js";
import { decodeRows } from "../params/decode.js";
import { encode } from "../params/encode.js";
import { canonicalAddress } from "./address.js";
import { coerce, coerceAll } from "./coerce.js";
import type { JailCommands, JailPort, ParameterDifference, RunningJail } from "./port.js";

const SHOWN = ["jid", "name", "path", "dying", "ip4.addr", "ip6.addr"] as const;

/** The jails of a {@link JailHost}, as the lifecycle uses them. */
export class HostJails implements JailPort {
  readonly host: JailHost;
  readonly commands: JailCommands;

  constructor(host: JailHost, commands: JailCommands) {
    this.host = host;
    this.commands = commands;
  }

  /** What is shown of a jail, as far as this kernel has it. */
  #shown(): readonly string[] {
    return SHOWN.filter((name) => this.host.parameters.get(name) !== undefined);
  }

  async list(options: MachineOptions = {}): Promise<readonly RunningJail[]> {
    const rows = await this.host.list(this.#shown(), { ...options, dying: true });
    const jails = rows.map((row) => toRunning(row as Record<string, unknown>));
    return [...jails.filter((jail) => !jail.dying), ...jails.filter((jail) => jail.dying)];
  }

  async find(name: string, options: MachineOptions = {}): Promise<RunningJail | undefined> {
    const names = this.#shown();
    const columns = this.host.columns(names);
    const fields = columns.map(({ field }) => field);
    const rows = await this.host.kernel.jailRead({ name }, fields, 0, options);
    if (rows.error?.code === "ENOENT") return undefined;
    const [row] = decodeRows(checked(rows, name), names, columns);
    return row === undefined ? undefined : toRunning(row);
  }

  async create(parameters: Readonly<Record<string, unknown>>, options: MachineOptions = {}): Promise<number> {
    const jail = await this.host.create(coerceAll(this.host.parameters, parameters), options);
    // The handle's descriptor is not needed: the ledger knows the jail by jid and name.
    jail[Symbol.dispose]();
    return jail.jid;
  }

  async update(
    jid: number,
    parameters: Readonly<Record<string, unknown>>,
    options: MachineOptions = {},
  ): Promise<void> {
    const jail = await this.host.open(jid, options);
    try {
      await jail.update(coerceAll(this.host.parameters, parameters), options);
    } finally {
      jail[Symbol.dispose]();
    }
  }

  async get(
    jid: number,
    names: readonly string[],
    options: MachineOptions = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const known = names.filter((name) => {
      const { parameters } = this.host;
      return (parameters.get(name) ?? parameters.negated(name) ?? parameters.keyed(name)) !== undefined;
    });
    const columns = this.host.columns(known);
    const fields = columns.map(({ field }) => field);
    const rows = await this.host.kernel.jailRead({ jid }, fields, 0, options);
    return decodeRows(checked(rows, jid), known, columns)[0] ?? {};
  }

  async remove(jid: number, options: MachineOptions = {}): Promise<void> {
    const outcome = await this.host.kernel.jailRemove(jid, options);
    // EINVAL is how the kernel says that there is no such jail.
    if (outcome.error?.code !== "EINVAL") checked(outcome, jid);
    await releaseLimits(this.host, jid);
  }

  lingers(jid: number, name: string, options: MachineOptions = {}): Promise<boolean> {
    return this.host.lingers(jid, name, options);
  }

  check(parameters: Readonly<Record<string, unknown>>): readonly { parameter: string; message: string }[] {
    const table = this.host.parameters;
    const problems: { parameter: string; message: string }[] = [];
    for (const [parameter, value] of Object.entries(parameters)) {
      const known = table.get(parameter) ?? table.negated(parameter) ?? table.keyed(parameter);
      if (known === undefined) {
        const message = `${parameter}: this kernel has no such parameter: needs another release, or a module`;
        problems.push({ parameter, message });
        continue;
      }
      try {
        encode(table, { [parameter]: coerce(table, parameter, value) });
      } catch (error) {
        problems.push({ parameter, message: (error as Error).message });
      }
    }
    return problems;
  }

  async differences(
    jid: number,
    parameters: Readonly<Record<string, unknown>>,
    options: MachineOptions = {},
  ): Promise<readonly ParameterDifference[]> {
    const table = this.host.parameters;
    const wanted = coerceAll(table, parameters);
    const running = await this.get(jid, Object.keys(wanted), options);
    const differences: ParameterDifference[] = [];
    for (const [parameter, value] of Object.entries(wanted)) {
      const known = table.get(parameter) ?? table.negated(parameter);
      if (known?.settable === "never" || value === undefined) continue;
      const now = running[parameter];
      // A new list without an address is what the kernel calls disabled.
      if ((parameter === "ip4" || parameter === "ip6") && value === "new" && now === "disable") continue;
      if (sameValue(known?.kind, value, now)) continue;
      differences.push({ parameter, wanted: value, running: now, fixed: known?.settable === "creation" });
    }
    return differences;
  }

  start(...args: Parameters<JailCommands["start"]>): ReturnType<JailCommands["start"]> {
    return this.commands.start(...args);
  }

  processes(...args: Parameters<JailCommands["processes"]>): ReturnType<JailCommands["processes"]> {
    return this.commands.processes(...args);
  }

  blockers(...args: Parameters<JailCommands["blockers"]>): ReturnType<JailCommands["blockers"]> {
    return this.commands.blockers(...args);
  }

  kill(...args: Parameters<JailCommands["kill"]>): ReturnType<JailCommands["kill"]> {
    return this.commands.kill(...args);
  }

  /** The jails that a simulated machine beside this kernel has to know of. */
  async forMachine(): Promise<{ jid: number; name: string; path: string; vnet: boolean; dying: boolean }[]> {
    const names = ["jid", "name", "path", "dying", "vnet"] as const;
    const columns = this.host.columns(names);
    const fields = columns.map(({ field }) => field);
    const rows = checked(await this.host.kernel.jailList(fields, JAIL_DYING));
    return decodeRows(rows, names, columns).map((row) => ({
      jid: Number(row.jid),
      name: String(row.name),
      path: String(row.path),
      dying: row.dying === true,
      vnet: row.vnet === "new",
    }));
  }
}

function toRunning(row: Readonly<Record<string, unknown>>): RunningJail {
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return {
    jid: Number(row.jid),
    name: String(row.name),
    path: String(row.path),
    dying: row.dying === true,
    ip4: list(row["ip4.addr"]),
    ip6: list(row["ip6.addr"]),
  };
}

/** Whether the kernel has what was asked for. It keeps the first address first and sorts the others. */
function sameValue(kind: string | undefined, wanted: unknown, running: unknown): boolean {
  if ((kind === "ip4" || kind === "ip6") && Array.isArray(wanted) && Array.isArray(running)) {
    const [first, ...others] = wanted.map((address) => canonicalAddress(String(address)));
    const [primary, ...rest] = running.map((address) => canonicalAddress(String(address)));
    return first === primary && isDeepStrictEqual(others.sort(), rest.sort());
  }
  if (kind === "keyvalue" && typeof wanted === "object" && wanted !== null) {
    return (
      running ===
      Object.entries(wanted)
        .map(([key, value]) => `${key}=${String(value)}\n`)
        .join("")
    );
  }
  // A key that is taken away has no value.
  if (wanted === null) return running === undefined;
  return typeof wanted === "bigint" || typeof running === "bigint"
    ? String(wanted) === String(running)
    : isDeepStrictEqual(wanted, running);
}

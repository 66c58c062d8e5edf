import { type InspectOptions, inspect } from "node:util";
import { JAIL_UPDATE, JAIL_USE_DESC, type RawKey } from "./binding.js";
import { type CallOptions, checked, until } from "./call.js";
import { checkMilliseconds, checkSignal } from "./checks.js";
import { JailError, JailParameterError, JailStateError } from "./errors.js";
import type { Entry, EntryTarget } from "./exec/entry.js";
import { JailEntryError } from "./exec/entry-error.js";
import {
  type Execution,
  execute,
  executeSync,
  type JailExecOptions,
  type JailExecResult,
  type JailExecSyncOptions,
} from "./exec/exec.js";
import { type JailChildProcess, type JailChildProcessWithStreams, launchSync } from "./exec/launch.js";
import { checkCommand, commandEntry, type JailSpawnOptions } from "./exec/options.js";
import { type CreateOptions, JailHost, type JailRow, type ListOptions } from "./host.js";
import { JailLimits, type LimitedJail, releaseLimits, releaseLimitsSync, usageOf } from "./limits/limits.js";
import type { JailUsage } from "./limits/rule.js";
import { changes } from "./params/changes.js";
import { decodeRows } from "./params/decode.js";
import { int32, type Pair, pack } from "./params/encode.js";
import type { JailParameterName, JailParameters, JailValue, UncheckedParameters } from "./params/types.js";
import { findBlockers, type JailBlocker } from "./processes/blockers.js";
import { signalProcesses } from "./processes/kill.js";
import { type JailProcess, listProcesses, type ProcessesOptions } from "./processes/list.js";
import { type StopOptions, type StopResult, stopProcesses } from "./processes/stop.js";
import type { WatchOptions } from "./watch/event.js";
import { JailWatcher } from "./watch/watcher.js";

/** Options of {@link Jail.remove}. */
export interface RemoveOptions extends CallOptions {
  /** Milliseconds to wait for the jail to be gone. Default: as long as it takes. */
  readonly timeout?: number | undefined;
}

type Aliases = Readonly<Record<string, JailParameterName>>;
type Aliased<Names extends Aliases> = { [Alias in keyof Names]: JailValue<Names[Alias]> };

/** Descriptors of handles that nobody closed. */
const forgotten = new FinalizationRegistry<() => void>((close) => close());

/**
 * A jail. Where the kernel has jail descriptors (FreeBSD 15), the handle holds one and means this jail and no other,
 * whatever becomes of its jid and name. Elsewhere jid and name are compared before each act, which leaves a moment
 * between the two. Close a handle with `using`, or leave it to the garbage collector; only an owned jail goes with it.
 */
export class Jail {
  readonly host: JailHost;
  /** The jail's id. */
  readonly jid: number;
  #name: string;
  #descriptor: number | undefined;

  /** @internal */
  constructor(host: JailHost, jid: number, name: string, descriptor: number | undefined) {
    this.host = host;
    this.jid = jid;
    this.#name = name;
    this.#descriptor = descriptor;
    if (descriptor !== undefined) {
      const { kernel } = host;
      forgotten.register(this, () => void kernel.closeSync(descriptor), this);
    }
  }

  /** {@link JailHost.create} on the default host. */
  static create(parameters: JailParameters | UncheckedParameters, options?: CreateOptions): Promise<Jail> {
    return JailHost.default.create(parameters, options);
  }

  /** {@link JailHost.open} on the default host. */
  static open(jail: string | number, options?: CallOptions): Promise<Jail> {
    return JailHost.default.open(jail, options);
  }

  /** {@link JailHost.listSync} on the default host. */
  static list<const Name extends JailParameterName>(
    names: readonly Name[],
    options?: Pick<ListOptions, "dying">,
  ): JailRow<Name>[] {
    return JailHost.default.listSync(names, options);
  }

  /** The full name when it was last read or set. */
  get name(): string {
    return this.#name;
  }

  /**
   * Parameters of this jail: by a list of names, by a record that gives each a name of yours, or every one that the
   * kernel has. `jail_get(2)`.
   */
  get(): Promise<Record<string, unknown>>;
  get<const Name extends JailParameterName>(names: readonly Name[], options?: CallOptions): Promise<JailRow<Name>>;
  get<const Names extends Aliases>(names: Names, options?: CallOptions): Promise<Aliased<Names>>;
  async get(names: readonly string[] | Aliases = this.#allNames(), options: CallOptions = {}): Promise<unknown> {
    const { keys, columns } = this.#question(names);
    const fields = columns.map(({ field }) => field);
    const rows = await this.host.kernel.jailRead(this.#key(), fields, 0, options);
    return this.#answer(rows, keys, columns);
  }

  /** {@link get}, at once. */
  getSync(): Record<string, unknown>;
  getSync<const Name extends JailParameterName>(names: readonly Name[]): JailRow<Name>;
  getSync(): Record<string, unknown>;
  getSync<const Names extends Aliases>(names: Names): Aliased<Names>;
  getSync(names: readonly string[] | Aliases = this.#allNames()): unknown {
    const { keys, columns } = this.#question(names);
    const rows = this.host.kernel.jailReadSync(
      this.#key(),
      columns.map(({ field }) => field),
      0,
    );
    return this.#answer(rows, keys, columns);
  }

  /** Every parameter that the kernel has. */
  async getAll(options: CallOptions = {}): Promise<Record<string, unknown>> {
    return this.get(this.#allNames(), options);
  }

  /**
   * Changes parameters. One that can be set at creation only is left out where it already has the value, and else
   * refused with a JailParameterError before anything is changed. `jail_set(2)`.
   */
  async update(parameters: JailParameters | UncheckedParameters, options: CallOptions = {}): Promise<void> {
    const pairs = this.#changes(parameters);
    if (pairs.length === 0) return;
    await this.#same(options);
    const { iov, flags } = this.#updating(pairs);
    checked(await this.host.kernel.jailSet(iov, flags, options), this.#name);
    this.#renamed(parameters);
  }

  /** {@link update}, at once. */
  updateSync(parameters: JailParameters | UncheckedParameters): void {
    const pairs = this.#changes(parameters);
    if (pairs.length === 0) return;
    this.#sameSync();
    const { iov, flags } = this.#updating(pairs);
    checked(this.host.kernel.jailSetSync(iov, flags), this.#name);
    this.#renamed(parameters);
  }

  /**
   * Removes the jail with its children and kills their processes; resolves when the kernel has let go of it, and also
   * where it was gone already. `jail_remove(2)`.
   *
   * Rejects with a JailStateError `ERR_JAIL_LINGERS` when it is still dying after `timeout`: something that outlives its
   * processes holds it, such as a half-closed connection (`sockstat -s` shows it) or a mount of its file system.
   */
  async remove({ signal, timeout }: RemoveOptions = {}): Promise<void> {
    checkMilliseconds("timeout", timeout, { forever: true });
    const deadline = performance.now() + (timeout ?? Number.POSITIVE_INFINITY);
    const { kernel } = this.host;
    if (this.#descriptor !== undefined) {
      const outcome = await kernel.jailRemoveJd(this.#descriptor, { signal });
      if (outcome.error?.code !== "ENOENT") checked(outcome, this.#name);
      this.#close();
    } else {
      if (!(await this.host.lingers(this.jid, this.#name, { signal }))) return;
      const outcome = await kernel.jailRemove(this.jid, { signal });
      // EINVAL is how the kernel says that there is no such jail.
      if (outcome.error?.code !== "EINVAL") checked(outcome, this.#name);
    }
    await releaseLimits(this.host, this.jid);
    const gone = async () => !(await this.host.lingers(this.jid, this.#name, { signal }));
    if (await until(gone, deadline, signal)) return;
    throw new JailStateError(
      "ERR_JAIL_LINGERS",
      `jail ${this.jid} (${this.#name}) is removed but still dying after ${timeout} ms: ` +
        "something beyond its processes holds it, such as an unfinished connection or a mount",
    );
  }

  /**
   * Asks the kernel to remove the jail with its children and to kill their processes, and does not wait: it can still be
   * dying afterwards. No error where it was gone already. `jail_remove(2)`.
   */
  removeSync(): void {
    const { kernel } = this.host;
    if (this.#descriptor !== undefined) {
      const outcome = kernel.jailRemoveJdSync(this.#descriptor);
      if (outcome.error?.code !== "ENOENT") checked(outcome, this.#name);
      releaseLimitsSync(this.host, this.jid);
      this.#close();
      return;
    }
    if (!this.#livesSync()) return;
    const outcome = kernel.jailRemoveSync(this.jid);
    if (outcome.error?.code !== "EINVAL") checked(outcome, this.#name);
    releaseLimitsSync(this.host, this.jid);
  }

  /**
   * Starts a command in the jail, as `child_process.spawn` does, without a shell: the file is looked for on the command's
   * own PATH inside the jail. The answer is a `ChildProcess` with two additions, `entered` and `resize`. What kept the
   * command from beginning is its "error", a JailEntryError, which comes before "exit". `jail_attach(2)`.
   *
   * @throws JailParameterError for options that cannot be; JailEntryError, JailStateError where the jail is gone already
   */
  spawn(
    file: string,
    args?: readonly string[],
    options?: JailSpawnOptions & { readonly stdio?: "pipe" | undefined },
  ): JailChildProcessWithStreams;
  spawn(file: string, args?: readonly string[], options?: JailSpawnOptions): JailChildProcess;
  spawn(file: string, args: readonly string[] = [], options: JailSpawnOptions = {}): JailChildProcess {
    const { detached, signal, timeout, killSignal, serialization, stdio } = options;
    const { entry, jail } = this.#execution(file, args, options);
    const launching = { detached, timeout, killSignal, serialization, stdio, jail };
    return this.host.launcher(entry, signal === undefined ? launching : { ...launching, signal });
  }

  /**
   * Runs a command in the jail to its end, in a session of its own, and resolves with what it wrote. An argument vector, no
   * shell. Rejects with a JailEntryError where it never began, and with a JailCommandError, which holds the same as the
   * result, where it ended with another status than 0 or had to be ended.
   */
  exec(
    file: string,
    args: readonly string[] | undefined,
    options: JailExecOptions & { readonly encoding: "buffer" },
  ): Promise<JailExecResult<Buffer>>;
  exec(file: string, args?: readonly string[], options?: JailExecOptions): Promise<JailExecResult>;
  async exec(
    file: string,
    args: readonly string[] = [],
    options: JailExecOptions = {},
  ): Promise<JailExecResult<string | Buffer>> {
    return execute(this.host.launcher, this.#execution(file, args, options), options);
  }

  /** {@link exec}, at once: nothing else happens in this process until the command has ended. */
  execSync(
    file: string,
    args: readonly string[] | undefined,
    options: JailExecSyncOptions & { readonly encoding: "buffer" },
  ): JailExecResult<Buffer>;
  execSync(file: string, args?: readonly string[], options?: JailExecSyncOptions): JailExecResult;
  execSync(
    file: string,
    args: readonly string[] = [],
    options: JailExecSyncOptions = {},
  ): JailExecResult<string | Buffer> {
    const { runner } = this.host;
    const launch = runner === undefined ? launchSync : runner.launchSync.bind(runner);
    return executeSync(launch, this.#execution(file, args, options), options);
  }

  /** The jail's processes, in order of pid. */
  async processes(options: ProcessesOptions = {}): Promise<JailProcess[]> {
    await this.get(["jid"], options);
    return listProcesses(this.host, { ...options, jid: this.jid });
  }

  /**
   * Signals all of the jail's processes; resolves with those that were there. Default TERM. `kill(2)`.
   *
   * Rejects with a system error, EPERM, where one of them may not be signalled; the others are.
   */
  async kill(signal: NodeJS.Signals = "SIGTERM", options: ProcessesOptions = {}): Promise<JailProcess[]> {
    checkSignal("signal", signal);
    await this.get(["jid"], options);
    return signalProcesses(this.host, this.jid, signal, options);
  }

  /**
   * Ends the jail's processes as `stop.timeout` of jail(8): TERM, time for them to go, KILL. The jail stays, unless it does
   * not persist. Rejects with a JailStateError `ERR_JAIL_LINGERS` where one survives KILL.
   */
  async stop(options: StopOptions = {}): Promise<StopResult> {
    checkMilliseconds("timeout", options.timeout, { forever: true });
    await this.get(["jid"], options);
    return stopProcesses(this.host, this.jid, options);
  }

  /** What still holds this jail, living or dying, and what would free it: nothing where it is gone. */
  async blockers(options: CallOptions = {}): Promise<JailBlocker[]> {
    if (!(await this.host.lingers(this.jid, this.#name, options))) return [];
    return findBlockers(this.host, this.jid, options);
  }

  /** What this jail and those inside it use now. Rejects with a JailStateError `ERR_JAIL_NO_RACCT` where nothing is counted. */
  usage(options: CallOptions = {}): Promise<JailUsage> {
    return usageOf(this.host, this.#limited, options);
  }

  /** Limits on what this jail may use. */
  get limits(): JailLimits {
    return new JailLimits(this.host, this.jid, this.#limited);
  }

  /** What happens to this jail and those inside it, as {@link JailHost.watch}; ends when this jail is gone. Rejects where it was gone before. */
  watch(options: WatchOptions = {}): JailWatcher {
    const confirm = (signal: AbortSignal) => this.get(["jid"], { signal });
    return new JailWatcher(this.host, { root: this.jid, confirm }, options);
  }

  /** The jails right inside this one, a row each as of {@link JailHost.list}. */
  async children<const Name extends JailParameterName>(
    names: readonly Name[],
    options: ListOptions = {},
  ): Promise<JailRow<Name>[]> {
    const rows = await this.host.list([...names, "parent"], options);
    return rows
      .filter(({ parent }) => parent === this.jid)
      .map((row) => {
        const wanted: Record<string, unknown> = {};
        for (const name of names) wanted[name] = (row as Record<string, unknown>)[name];
        return wanted as JailRow<Name>;
      });
  }

  /** Gives the handle's descriptor back; an owned jail is removed by that. The handle then acts by jid and name. */
  [Symbol.dispose](): void {
    this.#close();
  }

  /** As {@link Symbol.dispose}, and waits for an owned jail to be gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#descriptor === undefined) return;
    this.#close();
    if (this.#livesSync()) return;
    await until(async () => !(await this.host.lingers(this.jid, this.#name)), Number.POSITIVE_INFINITY);
  }

  /** What stands for it in JSON. */
  toJSON(): { jid: number; name: string } {
    return { jid: this.jid, name: this.#name };
  }

  /** What `console.log` shows. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `Jail ${inspect(this.toJSON(), options)}`;
  }

  #close(): void {
    if (this.#descriptor === undefined) return;
    forgotten.unregister(this);
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.host.kernel.closeSync(descriptor);
    // An owned jail has gone with it.
    if (this.host.limits.has(this.jid) && !this.#livesSync()) releaseLimitsSync(this.host, this.jid);
  }

  #execution(
    file: string,
    args: readonly string[],
    options: Parameters<typeof commandEntry>[2],
  ): Execution & { readonly entry: Entry } {
    checkCommand(args, options);
    const byDescriptor = this.#descriptor !== undefined && !this.host.kernel.simulated;
    const target: EntryTarget = byDescriptor ? { descriptor: this.#descriptor as number } : { jid: this.jid };
    try {
      // By a descriptor the attach itself cannot mean another jail.
      if (!byDescriptor) this.getSync(["jid"]);
    } catch (error) {
      if (!(error instanceof JailError) || error.code !== "ENOENT") throw error;
      throw new JailEntryError({ step: "attach", errnoCode: "EINVAL", detail: `jail ${this.jid}` }, this.#name);
    }
    return { entry: commandEntry(target, [file, ...args], options), jail: this.#name };
  }

  readonly #limited: LimitedJail = async (options) => (await this.get(["name"], options)).name;

  #key(): RawKey {
    return this.#descriptor === undefined ? { jid: this.jid } : { desc: this.#descriptor };
  }

  #allNames(): string[] {
    return Array.from(this.host.parameters, ({ name }) => name);
  }

  #question(names: readonly string[] | Aliases) {
    const listed = Array.isArray(names);
    if (!listed && (typeof names !== "object" || names === null)) {
      throw new JailParameterError(
        "names",
        names,
        'they must be an array of parameter names, or { yours: "ip4.addr" }',
      );
    }
    const wanted = listed ? (names as readonly string[]) : Object.values(names as Aliases);
    const keys = listed ? (names as readonly string[]) : Object.keys(names);
    // Where the handle means the jail by its jid alone, the name that comes with the answer is compared.
    const columns = this.host.columns(this.#descriptor === undefined ? [...wanted, "name"] : wanted);
    return { keys, columns };
  }

  #answer(rows: Parameters<typeof decodeRows>[0], keys: readonly string[], columns: Parameters<typeof decodeRows>[2]) {
    checked(rows, this.#name);
    const compared = columns.length > keys.length;
    const [row = {}] = decodeRows(rows, compared ? [...keys, "\0name"] : keys, columns);
    if (compared) {
      this.#compare(row["\0name"]);
      delete row["\0name"];
    }
    return row;
  }

  #compare(name: unknown): void {
    if (name === this.#name) return;
    throw new JailStateError(
      "ERR_JAIL_CHANGED",
      `jid ${this.jid} was jail "${this.#name}" and is now "${String(name)}"`,
    );
  }

  async #same(options: CallOptions): Promise<void> {
    if (this.#descriptor === undefined) await this.get(["jid"], options);
  }

  /** Whether the jid still means this jail, and the jail is not dying. */
  #livesSync(): boolean {
    const columns = this.host.columns(["name"]);
    const rows = this.host.kernel.jailReadSync(
      { jid: this.jid },
      columns.map(({ field }) => field),
      0,
    );
    return (
      rows.error?.code !== "ENOENT" && decodeRows(checked(rows, this.#name), ["name"], columns)[0]?.name === this.#name
    );
  }

  #sameSync(): void {
    if (this.#descriptor === undefined) this.getSync(["jid"]);
  }

  #changes(parameters: Readonly<Record<string, unknown>>): Pair[] {
    return changes(this.host.parameters, parameters, (names) => this.getSync(names as readonly JailParameterName[]));
  }

  #updating(pairs: readonly Pair[]) {
    if (this.#descriptor === undefined) {
      return { iov: pack([["jid", int32("jid", this.jid)], ...pairs]), flags: JAIL_UPDATE };
    }
    return { iov: pack([["desc", int32("desc", this.#descriptor)], ...pairs]), flags: JAIL_UPDATE | JAIL_USE_DESC };
  }

  #renamed(parameters: Readonly<Record<string, unknown>>): void {
    if (typeof parameters.name !== "string") return;
    try {
      this.#name = this.host.nameOf(this.jid);
    } catch (error) {
      // It can be gone by now; the next act will say so.
      if (!(error instanceof JailError)) throw error;
      this.#name = parameters.name;
    }
  }
}

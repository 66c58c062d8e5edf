import { type InspectOptions, inspect } from "node:util";
import {
  JAIL_CREATE,
  JAIL_DYING,
  JAIL_GET_DESC,
  JAIL_OWN_DESC,
  type LocalKernel,
  type RawIovec,
  type RawIovecOutcome,
  type RawOutcome,
  type RawSimulatedOptions,
  type SimulatedControls,
} from "./binding.js";
import { type CallOptions, checked, record } from "./call.js";
import { warnOfSharedLocalhost } from "./dragonfly/warning.js";
import { JailError, JailParameterError, JailStateError } from "./errors.js";
import { type Launcher, launch } from "./exec/launch.js";
import type { SimulatedCommand, SimulatedCommands } from "./exec/simulated/command.js";
import { endingHostProcesses } from "./exec/simulated/orphans.js";
import { SimulatedRunner } from "./exec/simulated/runner.js";
import { Jail } from "./jail.js";
import type { Lifecycle } from "./lifecycle/lifecycle.js";
import type { HostLifecycleOptions } from "./lifecycle/open.js";
import type { DownOptions, UpOptions } from "./lifecycle/options.js";
import type { JailDefinition } from "./lifecycle/parameters.js";
import type { LifecycleRun } from "./lifecycle/run.js";
import type { Why } from "./lifecycle/why/why.js";
import { openNative, openSimulated } from "./native.js";
import { type Column, column, decodeRows } from "./params/decode.js";
import { encode, int32, type Pair, pack, text } from "./params/encode.js";
import { ParameterTable } from "./params/table.js";
import type { JailParameterName, JailParameters, JailValue, UncheckedParameters } from "./params/types.js";
import { HostSettings } from "./settings/settings.js";
import type { WatchOptions } from "./watch/event.js";
import { JailWatcher } from "./watch/watcher.js";

/** Options of {@link JailHost.create}. */
export interface CreateOptions extends CallOptions {
  /**
   * The jail is removed when its handle is disposed of, and when this process ends, however it ends: FreeBSD 15's owning
   * descriptor. Default false. A kernel without jail descriptors refuses with EINVAL.
   */
  readonly owned?: boolean | undefined;
}

/** Options of {@link JailHost.list}. */
export interface ListOptions extends CallOptions {
  /** Dying jails too. Default false. */
  readonly dying?: boolean | undefined;
}

/** Options of {@link JailHost.simulated}. */
export interface SimulatedHostOptions extends RawSimulatedOptions {
  /**
   * What commands in its jails do: `"record"` (nothing is run; they are noted and succeed), `"host"` (really run on this
   * machine, unconfined, as who runs this program), or a function that answers in their place. Default `"record"`.
   */
  readonly commands?: SimulatedCommands | undefined;
}

/** A row of a list: a property for each name asked for. */
export type JailRow<Name extends string> = { [Key in Name]: JailValue<Key> };

const LIST_DEFAULT = ["jid", "name", "path", "host.hostname", "ip4.addr", "ip6.addr"] as const;

/** The kernel wrote the descriptor into the list's `desc`, which {@link pack} puts first. */
function descriptorIn(outcome: RawIovecOutcome): number {
  const at = (outcome.lengths[0] ?? 0) | 0;
  return Buffer.from(outcome.data).readInt32LE(at);
}

/**
 * A machine with jails: this one, or a simulated one. Its jails are made, opened and listed here. `jail(8)`, `jail_set(2)`.
 */
export class JailHost {
  static #default: JailHost | undefined;
  static #openLifecycle: ((host: JailHost, options: HostLifecycleOptions) => Lifecycle) | undefined;

  /** The raw calls. */
  readonly kernel: LocalKernel;
  /** The simulated machine's controls; undefined on a real one. */
  readonly simulation: SimulatedControls | undefined;
  /** @internal What starts commands in its jails. */
  readonly launcher: Launcher;
  /** @internal The same, on a simulated host. */
  readonly runner: SimulatedRunner | undefined;
  /** @internal Where a simulated machine's state is; undefined in memory. */
  readonly stateFile: string | undefined;
  /** @internal The limits that this program has set, by the jid of the jail that they leave with, as rctl(2) has them. */
  readonly limits = new Map<number, Set<string>>();
  #table: ParameterTable | undefined;
  /** Columns of parameters, each made once. */
  readonly #columns = new Map<string, Column>();
  #settings: HostSettings | undefined;
  #descriptors: boolean | undefined;

  private constructor(
    kernel: LocalKernel,
    simulation?: SimulatedControls,
    commands: SimulatedCommands = "record",
    stateFile?: string,
  ) {
    this.kernel = kernel;
    this.simulation = simulation;
    this.stateFile = stateFile;
    this.runner = simulation && new SimulatedRunner(simulation, commands, (jid) => this.nameOf(jid));
    this.launcher = this.runner?.launch ?? launch;
  }

  /** The commands that were started in jails of a simulated host by this object, in order; of a real host none. */
  get commands(): readonly SimulatedCommand[] {
    return this.runner?.commands ?? [];
  }

  /**
   * This machine's own kernel.
   *
   * @throws JailStateError `ERR_JAIL_UNSUPPORTED_PLATFORM` where it has no jails, `ERR_JAIL_ADDON` where the addon does not load.
   */
  static native(): JailHost {
    const { value, error } = openNative();
    if (error !== undefined) throw new JailStateError(error.code, error.message, { cause: error.cause });
    return new JailHost(value);
  }

  /**
   * A simulated FreeBSD, or DragonFly BSD by `release: "dragonfly-6.4"`, in memory or in a state file that several processes share.
   *
   * @throws JailStateError where the release is not known or the state file cannot be used.
   */
  static simulated({ commands, ...options }: SimulatedHostOptions = {}): JailHost {
    if (commands !== undefined && commands !== "record" && commands !== "host" && typeof commands !== "function") {
      throw new JailParameterError("commands", commands, 'it is "record", "host" or a function');
    }
    const { value, error } = openSimulated(options);
    if (error !== undefined) throw new JailStateError(error.code, error.message, { cause: error.cause });
    const { kernel, controls } = value;
    const answering = commands === "host" ? endingHostProcesses(kernel, controls) : kernel;
    return new JailHost(answering, controls, commands, options.stateFile);
  }

  /**
   * The host that {@link Jail.create} and its like use: this machine's, or with `BSDJAIL_KERNEL=simulated` in the
   * environment a simulated one (its state in the file `BSDJAIL_STATE`, its release `BSDJAIL_RELEASE`, what commands do `BSDJAIL_COMMANDS`, where they are set).
   */
  static get default(): JailHost {
    JailHost.#default ??= JailHost.#fromEnvironment(process.env);
    return JailHost.#default;
  }

  static #fromEnvironment(env: NodeJS.ProcessEnv): JailHost {
    const { BSDJAIL_KERNEL: kernel, BSDJAIL_STATE: stateFile, BSDJAIL_RELEASE: release } = env;
    const commands = (env.BSDJAIL_COMMANDS || "record") as SimulatedCommands;
    if (kernel === undefined || kernel === "" || kernel === "native") return JailHost.native();
    if (kernel !== "simulated") {
      throw new JailStateError("ERR_JAIL_STATE", `BSDJAIL_KERNEL is "${kernel}": it can be "simulated" or "native"`);
    }
    return JailHost.simulated({ commands, ...(stateFile ? { stateFile } : {}), ...(release ? { release } : {}) });
  }

  /** What stands for it in JSON. */
  toJSON(): { system: string; simulated: boolean; stateFile?: string } {
    const { system, simulated } = this.kernel;
    return { system, simulated, ...(this.stateFile === undefined ? {} : { stateFile: this.stateFile }) };
  }

  /** What `console.log` shows. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `JailHost ${inspect(this.toJSON(), options)}`;
  }

  /** The parameters that this kernel has, read once. */
  get parameters(): ParameterTable {
    this.#table ??= new ParameterTable(checked(this.kernel.sysctlWalkSync("security.jail.param")).nodes);
    return this.#table;
  }

  /** Settings of the host that are about jails. `sysctl(8)`. */
  get settings(): HostSettings {
    this.#settings ??= new HostSettings(this.kernel);
    return this.#settings;
  }

  /**
   * The engine around the kernel: starts and stops jails with their mounts, addresses, commands and needs, keeps the
   * books, and takes back what it cannot finish. `jail(8)`
   */
  lifecycle(options: HostLifecycleOptions = {}): Lifecycle {
    if (JailHost.#openLifecycle === undefined) {
      throw new JailStateError(
        "ERR_JAIL_STATE",
        "the lifecycle is not loaded: import JailHost from the package itself",
      );
    }
    return JailHost.#openLifecycle(this, options);
  }

  /** @internal Brings the lifecycle, which the commands that only list jails do without. */
  static bringLifecycle(open: (host: JailHost, options: HostLifecycleOptions) => Lifecycle): void {
    JailHost.#openLifecycle = open;
  }

  /** {@link Lifecycle.up} with the default options of {@link lifecycle}. */
  up(definitions: readonly JailDefinition[], options?: UpOptions): LifecycleRun {
    return this.lifecycle().up(definitions, options);
  }

  /** {@link Lifecycle.down} with the default options of {@link lifecycle}. */
  down(definitions: readonly JailDefinition[], options?: DownOptions): LifecycleRun {
    return this.lifecycle().down(definitions, options);
  }

  /** {@link Lifecycle.why} with the default options of {@link lifecycle}. */
  why(name: string, definitions?: readonly JailDefinition[], options?: CallOptions): Promise<Why> {
    return this.lifecycle().why(name, definitions, options);
  }

  /** Makes a jail, which persists unless `persist` says otherwise. Rejects with a JailError or a JailParameterError. */
  async create(parameters: JailParameters | UncheckedParameters, options: CreateOptions = {}): Promise<Jail> {
    const attempt = this.#creation(parameters, options);
    const outcome = await this.kernel.jailSet(attempt.iov, attempt.flags, options);
    if (attempt.mayLackDescriptors && this.#lacksDescriptors(outcome)) return this.create(parameters, options);
    return this.#created(attempt.flags, outcome, parameters);
  }

  /** {@link create}, at once. */
  createSync(parameters: JailParameters | UncheckedParameters, options: Pick<CreateOptions, "owned"> = {}): Jail {
    const attempt = this.#creation(parameters, options);
    const outcome = this.kernel.jailSetSync(attempt.iov, attempt.flags);
    if (attempt.mayLackDescriptors && this.#lacksDescriptors(outcome)) return this.createSync(parameters, options);
    return this.#created(attempt.flags, outcome, parameters);
  }

  /** The living jail of that name or jid. Rejects with a JailError ENOENT where there is none. */
  async open(jail: string | number, options: CallOptions = {}): Promise<Jail> {
    const attempt = this.#opening(jail);
    const outcome = await this.kernel.jailGet(attempt.iov, attempt.flags, options);
    if (attempt.mayLackDescriptors && this.#lacksDescriptors(outcome)) return this.open(jail, options);
    return this.#opened(attempt.flags, outcome, jail);
  }

  /** {@link open}, at once. */
  openSync(jail: string | number): Jail {
    const attempt = this.#opening(jail);
    const outcome = this.kernel.jailGetSync(attempt.iov, attempt.flags);
    if (attempt.mayLackDescriptors && this.#lacksDescriptors(outcome)) return this.openSync(jail);
    return this.#opened(attempt.flags, outcome, jail);
  }

  /**
   * All jails below this process's own, a row each with the parameters named (default: jid, name, path, hostname and
   * addresses), in the order of their jids. One native call; not a snapshot: jails may come and go meanwhile.
   */
  async list<const Name extends JailParameterName = (typeof LIST_DEFAULT)[number]>(
    names: readonly Name[] = LIST_DEFAULT as readonly string[] as readonly Name[],
    options: ListOptions = {},
  ): Promise<JailRow<Name>[]> {
    const columns = this.columns(names);
    const fields = columns.map(({ field }) => field);
    const rows = checked(await this.kernel.jailList(fields, options.dying ? JAIL_DYING : 0, options));
    return decodeRows(rows, names, columns) as JailRow<Name>[];
  }

  /** {@link list}, at once. */
  listSync<const Name extends JailParameterName = (typeof LIST_DEFAULT)[number]>(
    names: readonly Name[] = LIST_DEFAULT as readonly string[] as readonly Name[],
    options: Pick<ListOptions, "dying"> = {},
  ): JailRow<Name>[] {
    const columns = this.columns(names);
    const fields = columns.map(({ field }) => field);
    const rows = checked(this.kernel.jailListSync(fields, options.dying ? JAIL_DYING : 0));
    return decodeRows(rows, names, columns) as JailRow<Name>[];
  }

  /**
   * What happens to the jails below this process's own, as it happens, beginning with those that are there. The kernel's own
   * events where it has them (FreeBSD 15), else what comparing lists tells. `kqueue(2)`, EVFILT_JAIL.
   */
  watch(options: WatchOptions = {}): JailWatcher {
    return new JailWatcher(this, { root: 0, confirm: async () => undefined }, options);
  }

  /** Whether a jail of that jid is still there, living or dying; false too when the jid now means one of another name. */
  async lingers(jid: number, name: string, options: CallOptions = {}): Promise<boolean> {
    const columns = this.columns(["name"]);
    const rows = await this.kernel.jailRead(
      { jid },
      columns.map(({ field }) => field),
      JAIL_DYING,
      options,
    );
    if (rows.error?.code === "ENOENT") return false;
    return decodeRows(checked(rows, jid), ["name"], columns)[0]?.name === name;
  }

  /** @internal What to ask the kernel for, by the parameters' names. */
  columns(names: readonly string[]): Column[] {
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
      throw new JailParameterError("names", names, 'they must be an array of parameter names, such as ["jid", "path"]');
    }
    return names.map((name) => {
      const found = this.#columns.get(name) ?? this.#column(name) ?? this.#reloaded(name);
      if (found !== undefined) return found;
      throw new JailError({ code: "EINVAL", errno: 22, syscall: "jail_get", message: `unknown parameter: ${name}` });
    });
  }

  #column(name: string): Column | undefined {
    const found = column(this.parameters, name);
    // Names that the kernel has are few; keys of `meta` and `env` can be any.
    if (found !== undefined && this.parameters.get(name) !== undefined) this.#columns.set(name, found);
    return found;
  }

  /** A module that was loaded meanwhile may have brought the name. */
  #reloaded(name: string): Column | undefined {
    this.#table = undefined;
    this.#columns.clear();
    return this.#column(name);
  }

  #creation(parameters: Readonly<Record<string, unknown>>, options: Pick<CreateOptions, "owned">) {
    record(parameters);
    const owned = options.owned === true;
    const pairs = encode(this.parameters, { persist: owned ? undefined : true, ...parameters });
    // An owned jail lives as long as its descriptor; the kernel wants `persist` of every new jail that nobody enters.
    if (owned && parameters.persist === undefined) pairs.push(["persist", null]);
    return this.#withDescriptor(pairs, JAIL_CREATE, owned);
  }

  #opening(jail: string | number) {
    const numeric = typeof jail === "number" || /^[1-9]\d*$/.test(jail);
    const key: Pair = numeric ? ["jid", int32("jid", Number(jail))] : ["name", text("name", jail)];
    const room: Pair[] = [["name", new Uint8Array(256)]];
    return this.#withDescriptor(numeric ? [key, ...room] : [key], 0, false);
  }

  #withDescriptor(pairs: readonly Pair[], flags: number, owned: boolean) {
    if (!owned && this.#descriptors === false) return { iov: pack(pairs), flags, mayLackDescriptors: false };
    const iov: RawIovec = pack([["desc", new Uint8Array(4)], ...pairs]);
    const wanted = flags | (owned ? JAIL_OWN_DESC : JAIL_GET_DESC);
    return { iov, flags: wanted, mayLackDescriptors: !owned && this.#descriptors === undefined };
  }

  /** Kernels before 15 refuse the flag without a text, and so do all kernels some values: only a probe tells them apart. */
  #lacksDescriptors({ error }: RawOutcome): boolean {
    this.#descriptors = error?.code !== "EINVAL" || error.message !== "" || this.#probeDescriptors();
    return !this.#descriptors;
  }

  /** Whether the kernel has jail descriptors: asked about no jail at all, one that has says so in words. */
  #probeDescriptors(): boolean {
    const outcome = this.kernel.jailGetSync(pack([["desc", new Uint8Array(4)]]), JAIL_GET_DESC);
    return outcome.error?.code !== "EINVAL" || outcome.error.message !== "";
  }

  #created(flags: number, outcome: RawIovecOutcome, parameters: Readonly<Record<string, unknown>>): Jail {
    const named = parameters.name ?? parameters.jid;
    const jail = typeof named === "string" || typeof named === "number" ? named : undefined;
    const { error } = outcome;
    if (error !== undefined && flags & JAIL_OWN_DESC && this.#lacksDescriptors(outcome))
      throw new JailError(error, { jail, reason: "this kernel has no jail descriptors, by which jails are owned" });
    checked(outcome, jail);
    const descriptor = flags & (JAIL_GET_DESC | JAIL_OWN_DESC) ? descriptorIn(outcome) : undefined;
    if (this.kernel.system === "dragonfly") warnOfSharedLocalhost(this, outcome.value);
    return new Jail(this, outcome.value, this.nameOf(outcome.value), descriptor);
  }

  #opened(flags: number, outcome: RawIovecOutcome, jail: string | number): Jail {
    checked(outcome, jail);
    const descriptor = flags & JAIL_GET_DESC ? descriptorIn(outcome) : undefined;
    return new Jail(this, outcome.value, this.nameOf(outcome.value), descriptor);
  }

  /** @internal The full name of a jail, living or dying. */
  nameOf(jid: number): string {
    const columns = this.columns(["name"]);
    const rows = this.kernel.jailReadSync(
      { jid },
      columns.map(({ field }) => field),
      JAIL_DYING,
    );
    return String(decodeRows(checked(rows, jid), ["name"], columns)[0]?.name);
  }
}

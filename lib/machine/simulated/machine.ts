import { BaseMachine } from "../base.js";
import { componentsBelow, LocalFiles } from "../files.js";
import {
  type Actor,
  type HostUser,
  type Machine,
  MachineError,
  type MachineOptions,
  type MountEntry,
  type MountRequest,
  type Program,
  type ProgramRequest,
} from "../machine.js";
import { startLocal } from "../programs.js";
import { type ProgramAnswer, type ProgramWorld, settle, type WorldJail } from "./answer.js";
import { ifconfig, moveInterface } from "./ifconfig.js";
import { addMount, mount, removeMount, umount } from "./mount.js";
import { answered } from "./program.js";
import { devfs, zfs } from "./storage.js";
import { type World, type WorldMount, WorldStore } from "./world.js";

/** A host program that the machine knows nothing of was run: what it is to answer. */
export type HostCommand = (
  request: ProgramRequest,
  options: MachineOptions,
) => Partial<ProgramAnswer> | Promise<Partial<ProgramAnswer>>;

/** Options of {@link SimulatedMachine}. */
export interface SimulatedMachineOptions {
  /** The jails of the simulated kernel beside it, dying ones included. */
  readonly jails: () => readonly WorldJail[] | Promise<readonly WorldJail[]>;
  /** A directory in which several processes share the machine. Default: in memory. */
  readonly state?: string | undefined;
  /** What stands before every path: the machine's root on this machine. Default: this machine's own files. */
  readonly root?: string | undefined;
  /**
   * What programs do that the machine does not know: `"record"` (noted, status 0), `"host"` (really run on this machine),
   * or a function that answers. Default `"record"`.
   */
  readonly commands?: "record" | "host" | HostCommand | undefined;
  /** Another object for the same machine, whose world it shares. */
  readonly beside?: SimulatedMachine | undefined;
}

type Known = (args: readonly string[], view: ProgramWorld) => ProgramAnswer;

const KNOWN: Readonly<Record<string, Known>> = {
  devfs,
  ifconfig: (args, view) => moveInterface(args, view) ?? ifconfig(args, view),
  mount,
  umount,
  zfs,
};

function toEntry(made: WorldMount): MountEntry {
  const { source, target, type, fsid, options } = made;
  return { source, target, type, fsid, readOnly: options.includes("ro") };
}

/** The machine around a simulated kernel: enough of a world to be wrong in. */
export class SimulatedMachine extends BaseMachine implements Machine {
  readonly system = "freebsd";
  readonly simulated = true;
  /** Programs that were started, known ones included, in order. */
  readonly started: ProgramRequest[] = [];
  readonly #store: WorldStore;
  readonly #options: SimulatedMachineOptions;
  #pid = 70000;

  constructor(options: SimulatedMachineOptions) {
    super(new LocalFiles(options.root ?? ""));
    this.#options = options;
    this.#store = options.beside === undefined ? new WorldStore(options.state, "1") : options.beside.#store;
  }

  /** The folder that is its root directory; undefined: paths are this machine's own. */
  get root(): string | undefined {
    return this.#options.root;
  }

  /** The world as it is now. Not to be changed. */
  get world(): World {
    return this.#store.read();
  }

  /** Changes the world as somebody else on the machine would. */
  change<T>(change: (world: World) => T): T {
    return this.#store.update(change);
  }

  /** Starts the machine again: mounts, clones and added addresses are gone, what is on disk is not. The kernel beside it is not touched. */
  reboot(): void {
    this.#store.update((world) => {
      world.boot = String(Number(world.boot) + 1);
      world.mounts = world.mounts.filter((entry) => entry.target === "/");
      world.interfaces = world.interfaces.filter((entry) => entry.name === "lo0" || entry.driver === "physical");
      for (const entry of world.interfaces) entry.addresses = entry.addresses.filter((address) => address.own);
      for (const dataset of world.datasets) dataset.jid = 0;
      world.listeners = [];
    });
  }

  async start(request: ProgramRequest, options: MachineOptions = {}): Promise<Program> {
    options.signal?.throwIfAborted();
    const [file = "", ...args] = request.argv;
    if (file === "") throw new MachineError("EINVAL", "spawn", "", "a program's argument vector is empty");
    this.started.push(request);
    const known = KNOWN[file.replace(/^\/(usr\/)?s?bin\//, "")];
    if (known !== undefined) return answered(++this.#pid, await this.#run(known, args));
    if (request.user !== undefined && (await this.user(request.user)) === undefined) {
      throw new MachineError("EINVAL", "getpwnam", request.user, `${request.user}: no such user`);
    }
    const { commands = "record" } = this.#options;
    if (commands === "record") return answered(++this.#pid, { status: 0, stdout: "", stderr: "" });
    if (commands === "host") {
      const { user: _, ...unconfined } = request;
      return startLocal(unconfined, options);
    }
    const answer = await commands(request, options);
    return answered(++this.#pid, { status: 0, stdout: "", stderr: "", ...answer });
  }

  async mounts({ signal }: MachineOptions = {}): Promise<readonly MountEntry[]> {
    signal?.throwIfAborted();
    return this.#store.read().mounts.map(toEntry);
  }

  async mount(request: MountRequest, { signal }: MachineOptions = {}): Promise<MountEntry> {
    signal?.throwIfAborted();
    for (const path of componentsBelow(request.root, request.target) ?? []) {
      const info = await this.stat(path);
      if (info === undefined) throw new MachineError("ENOENT", "open", path);
      if (info.type === "symlink") throw new MachineError("ELOOP", "open", path, `"${path}" is a symbolic link`);
    }
    const made = await this.#within([request.source, request.target], (view) =>
      addMount(view, request.type, request.source, request.target, request.options),
    );
    if ("code" in made) throw new MachineError(made.code, "nmount", request.target, made.message);
    return toEntry(made);
  }

  async unmount(entry: MountEntry, options?: MachineOptions & { readonly force?: boolean }): Promise<void> {
    const code = await this.#within([], (view) => {
      const found = view.world.mounts.find((candidate) => candidate.fsid === entry.fsid);
      return found === undefined ? "EINVAL" : removeMount(view, found, options?.force ?? false);
    });
    if (code !== undefined) throw new MachineError(code, "unmount", entry.target);
  }

  async user(name: string, { signal }: MachineOptions = {}): Promise<HostUser | undefined> {
    signal?.throwIfAborted();
    return this.#store.read().users.find((user) => user.name === name);
  }

  override async resolve(hostname: string, { signal }: MachineOptions = {}) {
    signal?.throwIfAborted();
    const found = this.#store.read().hosts[hostname];
    if (found === undefined) {
      throw new MachineError("ENOENT", "getaddrinfo", hostname, `host name "${hostname}" was not resolved`);
    }
    return found;
  }

  override async connect(address: string, port: number, _timeoutMs: number, { signal }: MachineOptions = {}) {
    signal?.throwIfAborted();
    return this.#store.read().listeners.includes(`${address}:${port}`) ? undefined : "ECONNREFUSED";
  }

  override async self(options?: MachineOptions): Promise<Actor> {
    return { ...(await super.self(options)), boot: this.#store.read().boot };
  }

  override async alive(actor: Actor, options?: MachineOptions): Promise<boolean> {
    if (actor.boot !== this.#store.read().boot) return false;
    return super.alive({ ...actor, boot: (await super.self(options)).boot }, options);
  }

  #run(known: Known, args: readonly string[]): Promise<ProgramAnswer> {
    return this.#within(
      args.filter((word) => word.startsWith("/")),
      (view) => known(args, view),
    );
  }

  /** Looks up paths and jails first, then lets `work` compute on the world in one move. */
  async #within<T>(paths: readonly string[], work: (view: ProgramWorld) => T): Promise<T> {
    const found = new Map<string, { real: string; type: "file" | "directory" | "other" }>();
    for (const path of paths) {
      const info = path.startsWith("/") ? await this.stat(path, { follow: true }) : undefined;
      if (info === undefined) continue;
      const type = info.type === "symlink" ? "other" : info.type;
      found.set(path, { real: (await this.realPath(path)) ?? path, type });
    }
    const jails = await this.#options.jails();
    return this.#store.update((world) => {
      settle(world, jails);
      return work({ world, jails, paths: found });
    });
  }
}

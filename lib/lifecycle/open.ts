import { lstatSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { JailParameterError, JailStateError } from "../errors.js";
import { hostCommands } from "../exec/commands.js";
import { JailHost } from "../host.js";
import { LocalMachine } from "../machine/local.js";
import type { Machine } from "../machine/machine.js";
import { type HostCommand, SimulatedMachine } from "../machine/simulated/machine.js";
import { mountHelperPath } from "../native.js";
import { HostJails } from "./jails.js";
import { Lifecycle } from "./lifecycle.js";
import { DEFAULT_DIRECTORY } from "./options.js";

/** Options of {@link JailHost.lifecycle}. */
export interface HostLifecycleOptions {
  /**
   * The absolute folder of the ledgers. Default `/var/db/bsdjail`; of a simulated machine, a folder beside its state
   * file, or one that is gone with this process.
   */
  readonly directory?: string | undefined;
  /**
   * Of a simulated machine only: the folder of this machine that is its root directory. Default: paths are this
   * machine's own.
   */
  readonly root?: string | undefined;
  /**
   * Of a simulated machine only: what programs on the host do that it does not know itself: `"record"` (noted, status
   * 0), `"host"` (really run on this machine), or a function that answers. Default `"record"`.
   */
  readonly programs?: "record" | "host" | HostCommand | undefined;
  /** The environment of commands, where it is not a clean one. Default: this process's own. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** The machines around simulated kernels: one world for each, however many lifecycles look at it. */
const worlds = new WeakMap<JailHost, Map<string, SimulatedMachine>>();
/** Folders for the ledgers of machines that are in memory, gone with this process. */
const folders = new WeakMap<JailHost, string>();
const temporary = new Set<string>();

/**
 * What others may write is no book: what a ledger says was made for a jail is taken away again, by us and with our rights.
 *
 * @throws JailParameterError for a folder that is there and is not ours, or root's, alone
 */
export function checkBooks(directory: string): void {
  const refuse = (rule: string): never => {
    throw new JailParameterError("directory", directory, `${rule}: whoever writes there says what is taken away`);
  };
  // A link to it is as good as who made that.
  for (const look of [lstatSync, statSync]) {
    const info = look(directory, { throwIfNoEntry: false });
    if (info === undefined) return;
    if (info.uid !== 0 && info.uid !== process.geteuid?.()) refuse(`it belongs to another user (user id ${info.uid})`);
    if (info.isSymbolicLink()) continue;
    if (!info.isDirectory()) refuse("it must be a folder");
    if ((info.mode & 0o022) !== 0) refuse("others than its owner may write in it (chmod go-w)");
  }
}

/** The lifecycle of a host's jails. @throws JailParameterError for an option that cannot be; JailStateError on DragonFly */
export function openLifecycle(host: JailHost, options: HostLifecycleOptions = {}): Lifecycle {
  const { directory, root, env } = options;
  for (const [name, path] of Object.entries({ directory, root })) {
    if (path !== undefined && !isAbsolute(path)) throw new JailParameterError(name, path, "it must be absolute");
  }
  if (host.kernel.system === "dragonfly") {
    throw new JailStateError(
      "ERR_JAIL_UNSUPPORTED_PLATFORM",
      "the lifecycle goes by the names of jails, and DragonFly's have none: create, exec and remove them there",
    );
  }
  const jails = new HostJails(host, hostCommands(host, { env }));
  if (host.simulation === undefined) {
    if (root !== undefined) throw new JailParameterError("root", root, "only a simulated machine has one");
    const books = directory ?? DEFAULT_DIRECTORY;
    checkBooks(books);
    return new Lifecycle({ jails, machine: openLocal(), directory: books });
  }
  const machine = worldOf(host, jails, options);
  return new Lifecycle({ jails, machine, directory: directory ?? booksOf(host, root) });
}

function openLocal(): Machine {
  const helper = mountHelperPath();
  if (helper !== undefined) return new LocalMachine({ helper });
  throw new JailStateError(
    "ERR_JAIL_ADDON",
    "mount-helper, which mounts file systems for jails, was not built: npm rebuild bsdjail --foreground-scripts",
  );
}

/** The machine around a simulated host's kernel, as its lifecycle sees it. */
export function simulatedMachine(host: JailHost): Machine {
  return worldOf(host, new HostJails(host, hostCommands(host, {})), {});
}

function worldOf(host: JailHost, jails: HostJails, { root, programs }: HostLifecycleOptions): SimulatedMachine {
  const known = worlds.get(host) ?? new Map<string, SimulatedMachine>();
  worlds.set(host, known);
  const state = host.stateFile === undefined ? undefined : `${host.stateFile}.machine`;
  const options = { jails: () => jails.forMachine(), state, root };
  const first = known.get(root ?? "") ?? new SimulatedMachine(options);
  known.set(root ?? "", first);
  return programs === undefined || programs === "record"
    ? first
    : new SimulatedMachine({ ...options, commands: programs, beside: first });
}

function booksOf(host: JailHost, root: string | undefined): string {
  if (root !== undefined) return DEFAULT_DIRECTORY;
  if (host.stateFile !== undefined) return `${host.stateFile}.machine/ledgers`;
  const known = folders.get(host);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-"));
  if (temporary.size === 0) process.once("exit", removeTemporary);
  temporary.add(folder);
  folders.set(host, folder);
  return folder;
}

function removeTemporary(): void {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
}

JailHost.bringLifecycle(openLifecycle);

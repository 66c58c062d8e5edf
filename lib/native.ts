/** Finds and loads the addon, once and only when a kernel is asked for: to import this package needs no addon. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { getSystemErrorName } from "node:util";
import type { Addon } from "./addon.js";
import { AddonBackedKernel, type AddonParts } from "./addon-kernel.js";
import { Scratch } from "./addon-lists.js";
import { openSimulatedMachine } from "./addon-simulated.js";
import type { LocalKernel, RawOpened, RawSimulatedOptions, SimulatedMachine } from "./binding.js";
import { JailStateError } from "./errors.js";
import { traced } from "./tracing.js";

interface Loaded extends AddonParts {
  readonly addon: Addon;
}

let loaded: RawOpened<Loaded> | undefined;

/** The package's folder: this file is in its `lib` or `dist`. */
const root = join(__dirname, "..");

function failure(cause: unknown): string {
  // On one line, as messages are: what node-gyp-build and dlopen(3) say has several.
  const reason = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\s*\n\s*/g, ", ");
  const noAddons = (cause as { code?: unknown } | null)?.code === "ERR_DLOPEN_DISABLED";
  return [
    `bsdjail's native addon could not be loaded on ${process.platform}-${process.arch}, Node.js ${process.version}:`,
    `${reason}.`,
    noAddons
      ? "Node.js was started with --no-addons, which refuses every addon."
      : `Neither a prebuild nor a compiled one was found in ${root}. To compile it, which takes a C++20 compiler, ` +
        "make and Python 3, run `npm rebuild bsdjail --foreground-scripts` (in a checkout: `npm install`).",
  ].join(" ");
}

function load(): RawOpened<Loaded> {
  if (loaded !== undefined) return loaded;
  try {
    const addon = (require("node-gyp-build") as (folder: string) => Addon)(root);
    const errnos = new Map(Object.entries(addon.errnos).map(([name, number]) => [number, name]));
    loaded = { value: { addon, errnos, scratch: new Scratch(addon.scratch) } };
  } catch (cause) {
    loaded = { error: { code: "ERR_JAIL_ADDON", message: failure(cause), cause } };
  }
  return loaded;
}

/** This machine's own kernel. */
export function openNative(): RawOpened<LocalKernel> {
  const { value: loaded, error } = load();
  if (error !== undefined) return { error };
  const kernel = loaded.addon.openNative();
  if (kernel === undefined) {
    const message =
      `${process.platform} has no jails: they are FreeBSD's and DragonFly's. To try bsdjail here, use the simulated kernel: ` +
      "JailHost.simulated(), or BSDJAIL_KERNEL=simulated in the environment";
    return { error: { code: "ERR_JAIL_UNSUPPORTED_PLATFORM", message } };
  }
  const system = (process.platform as string) === "dragonfly" ? "dragonfly" : "freebsd";
  return { value: traced(new AddonBackedKernel(kernel, loaded, system)) };
}

/**
 * A simulated machine, in memory or in a state file.
 *
 * @throws TypeError where an option has a wrong type.
 */
export function openSimulated(options: RawSimulatedOptions = {}): RawOpened<SimulatedMachine> {
  const { value: loaded, error } = load();
  return error === undefined ? openSimulatedMachine(loaded.addon, loaded, options) : { error };
}

/**
 * Waits for the exclusive flock(2) of a descriptor's file; closing the descriptor gives it back.
 *
 * @throws JailStateError where the addon cannot be loaded; a system error where the file system has no such locks.
 */
export function lockDescriptor(fd: number): void {
  const { value: loaded, error } = load();
  if (error !== undefined) throw new JailStateError(error.code, error.message, { cause: error.cause });
  const errno = loaded.addon.lockDescriptor(fd);
  if (errno === 0) return;
  const code = getSystemErrorName(-errno);
  throw Object.assign(new Error(`${code}: flock`), { code, errno: -errno, syscall: "flock" });
}

/** Where one of our executables is: beside the addon that is in use. Undefined where it was not built. */
function helperPath(name: string): string | undefined {
  try {
    const addon = (require("node-gyp-build") as unknown as { path(folder: string): string }).path(root);
    const helper = join(dirname(addon), name);
    return existsSync(helper) ? helper : undefined;
  } catch {
    return undefined;
  }
}

/** jail-exec, which enters a jail and becomes a command. */
export function jailExecPath(): string | undefined {
  return helperPath("jail-exec");
}

/** mount-helper, which mounts into a directory that is held open, lists mounts and becomes users of the host. */
export function mountHelperPath(): string | undefined {
  return helperPath("mount-helper");
}

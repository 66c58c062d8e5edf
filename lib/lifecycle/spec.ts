import { type Machine, MachineError, type MachineOptions } from "../machine/machine.js";
import { SHARED_PARAMETERS } from "../params/pseudo.js";
import { type AddressValue, canonicalAddress, parseAddressValue } from "./address.js";
import { type FstabEntry, parseFstab, parseFstabLine } from "./fstab.js";
import type { HookCommand } from "./hook.js";
import { EXEC_HOOKS, type ExecHook, type JailDefinition, type PseudoParameters } from "./parameters.js";
import type { ReadyProbe } from "./ready.js";
import { type Problem, pseudoName, ValueReader } from "./values.js";

/** The parameter that asks for a mount. */
export type MountParameter = "mount" | "mount.fstab" | "mount.devfs" | "mount.fdescfs" | "mount.procfs";

/** A file system that a jail wants. */
export interface MountSpec extends FstabEntry {
  readonly parameter: MountParameter;
}

/** An address that is to be on an interface. */
export type AliasSpec = AddressValue & { readonly interface: string };

/** A jail's definition, read: what goes to the kernel, and what is done around it. */
export interface JailSpec {
  readonly name: string;
  /** The jail's root on the host; undefined: the host's own. */
  readonly path: string | undefined;
  /** What goes to the kernel; addresses without interface, mask and words. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly persist: boolean;
  readonly hooks: Readonly<Record<ExecHook, readonly HookCommand[]>>;
  readonly clean: boolean;
  readonly jailUser: string | undefined;
  readonly systemJailUser: boolean;
  readonly systemUser: string | undefined;
  /** Milliseconds; undefined: no limit. */
  readonly hookTimeoutMs: number | undefined;
  readonly consoleLog: string | undefined;
  readonly fib: number | undefined;
  /** Milliseconds; 0: no TERM at all. */
  readonly stopTimeoutMs: number;
  readonly aliases: readonly AliasSpec[];
  readonly mounts: readonly MountSpec[];
  readonly interfaces: readonly string[];
  readonly datasets: readonly string[];
  readonly depend: readonly string[];
  readonly ready: readonly ReadyProbe[];
}

/** A definition that was read, and everything that is wrong with it. */
export interface ReadSpec {
  readonly spec: JailSpec;
  readonly problems: readonly Problem[];
}

/** devfs.rules(5) `devfsrules_jail`, which jail(8) takes where no ruleset is given. */
const DEFAULT_RULESET = "4";
const DEFAULT_STOP_SECONDS = 10;

/** Divides a definition's parameters into the kernel's and those that are read here. */
function divide(definition: JailDefinition) {
  const kernel: Record<string, unknown> = {};
  const pseudo = new Map<keyof PseudoParameters, unknown>();
  for (const [name, value] of Object.entries(definition.parameters)) {
    const known = pseudoName(name);
    if (known === undefined) kernel[name] = value;
    else if (known.negated) pseudo.set(known.name, value === false || value === "false");
    else pseudo.set(known.name, value);
  }
  return { kernel, pseudo };
}

/** Whether the kernel is asked to keep the jail without processes. */
function wantsPersist(kernel: Readonly<Record<string, unknown>>): boolean {
  let persist = false;
  for (const [name, value] of Object.entries(kernel)) {
    const last = Array.isArray(value) ? (value.at(-1) ?? true) : value;
    const on = last !== false && last !== "false";
    if (name === "persist") persist = on;
    if (name === "nopersist") persist = !on;
  }
  return persist;
}

function textOf(value: unknown): string | undefined {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === "string" || typeof last === "number" ? String(last) : undefined;
}

/**
 * Reads a definition as jail(8) does. Files of `mount.fstab` are read and `ip_hostname` is resolved now; nothing is
 * changed. All problems are noted, not only the first.
 */
export async function readSpec(
  definition: JailDefinition,
  machine: Machine,
  options: MachineOptions = {},
): Promise<ReadSpec> {
  const { kernel, pseudo } = divide(definition);
  const read = new ValueReader(definition.name, pseudo);
  const path = textOf(kernel.path);
  const { aliases, addresses } = readAddresses(read);
  if (read.boolean("ip_hostname")) await addResolved(read, machine, kernel, addresses, aliases, options);
  // jail(8) adds all IPv4 aliases before the IPv6 ones.
  aliases.sort((a, b) => Number(a.family === "inet6") - Number(b.family === "inet6"));
  for (const name of SHARED_PARAMETERS)
    if (pseudo.has(name) || addresses[name].length > 0) kernel[name] = addresses[name];
  const hooks = Object.fromEntries(EXEC_HOOKS.map((hook) => [hook, read.commands(hook)])) as Record<
    ExecHook,
    HookCommand[]
  >;
  const seconds = read.number("exec.timeout");
  const { ready } = definition;
  const spec: JailSpec = {
    name: definition.name,
    path,
    parameters: kernel,
    persist: wantsPersist(kernel),
    hooks,
    clean: read.boolean("exec.clean"),
    jailUser: read.text("exec.jail_user"),
    systemJailUser: read.boolean("exec.system_jail_user"),
    systemUser: read.text("exec.system_user"),
    hookTimeoutMs: seconds === undefined || seconds === 0 ? undefined : seconds * 1000,
    consoleLog: read.text("exec.consolelog"),
    fib: read.number("exec.fib"),
    stopTimeoutMs: (read.number("stop.timeout") ?? DEFAULT_STOP_SECONDS) * 1000,
    aliases,
    mounts: await readMounts(read, machine, path, textOf(kernel.devfs_ruleset), options),
    interfaces: read.list("vnet.interface"),
    datasets: readDatasets(read),
    depend: read.list("depend"),
    ready: ready === undefined ? [] : Array.isArray(ready) ? ready : [ready as ReadyProbe],
  };
  read.boolean("allow.dying");
  return { spec, problems: read.problems };
}

/** Names of datasets, none of which zfs(8) would take for something else. */
function readDatasets(read: ValueReader): string[] {
  const names = read.list("zfs.dataset");
  for (const name of names) {
    if (!/^[\w][\w/:. -]*$/.test(name))
      read.problem("zfs.dataset", `${JSON.stringify(name)} names no dataset`, "EINVAL");
  }
  return names;
}

interface Addresses {
  "ip4.addr": string[];
  "ip6.addr": string[];
}

function readAddresses(read: ValueReader): { aliases: AliasSpec[]; addresses: Addresses } {
  const aliases: AliasSpec[] = [];
  const addresses: Addresses = { "ip4.addr": [], "ip6.addr": [] };
  const fallback = read.text("interface");
  for (const name of SHARED_PARAMETERS) {
    for (const text of read.list(name)) {
      if (text === "-") continue;
      const value = parseAddressValue(name === "ip4.addr" ? "inet" : "inet6", text, fallback);
      if (typeof value === "string") {
        read.problem(name, `${name}: value "${text}": ${value}`, "EINVAL");
        continue;
      }
      addresses[name].push(value.address);
      if (value.interface !== undefined) aliases.push(value as AliasSpec);
    }
  }
  return { aliases, addresses };
}

async function addResolved(
  read: ValueReader,
  machine: Machine,
  kernel: Readonly<Record<string, unknown>>,
  addresses: Addresses,
  aliases: AliasSpec[],
  options: MachineOptions,
): Promise<void> {
  const hostname = textOf(kernel["host.hostname"]);
  if (hostname === undefined) return;
  const fallback = read.text("interface");
  try {
    for (const { family, address } of await machine.resolve(hostname, options)) {
      const name = family === 4 ? "ip4.addr" : "ip6.addr";
      // The kernel refuses an address that is listed twice.
      if (addresses[name].some((other) => canonicalAddress(other) === canonicalAddress(address))) continue;
      addresses[name].push(address);
      const value = { family: family === 4 ? "inet" : "inet6", address, mask: undefined, extra: [] } as const;
      if (fallback !== undefined) aliases.push({ ...value, interface: fallback });
    }
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    read.problem("ip_hostname", `host.hostname ${hostname}: ${error.message}`, error.code);
  }
}

async function readMounts(
  read: ValueReader,
  machine: Machine,
  path: string | undefined,
  ruleset: string | undefined,
  options: MachineOptions,
): Promise<MountSpec[]> {
  const mounts: MountSpec[] = [];
  const add = (parameter: MountParameter, entry: FstabEntry) => {
    const option = [entry.source, entry.type].find((word) => word.startsWith("-"));
    if (option !== undefined) {
      read.problem(parameter, `${parameter}: ${option}: mount(8) would take it for an option`, "EINVAL");
    } else if (entry.target.startsWith("/")) mounts.push({ parameter, ...entry });
    else read.problem(parameter, `${parameter}: ${entry.target}: not an absolute pathname`, "EINVAL");
  };
  for (const text of read.list("mount")) {
    const entry = parseFstabLine(text);
    if (entry === undefined) continue;
    if ("problem" in entry) read.problem("mount", `mount: ${text}: ${entry.problem}`, "EINVAL");
    else add("mount", entry);
  }
  for (const file of read.list("mount.fstab")) {
    if (!file.startsWith("/")) {
      read.problem("mount.fstab", `mount.fstab: ${file}: not an absolute pathname`, "EINVAL");
      continue;
    }
    try {
      const { entries, problems } = parseFstab(Buffer.from(await machine.readFile(file, options)).toString("utf8"));
      for (const { line, text, problem } of problems) {
        read.problem("mount.fstab", `mount.fstab: ${file}:${line}: ${text.trim()}: ${problem}`, "EINVAL");
      }
      for (const entry of entries) add("mount.fstab", entry);
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      read.problem("mount.fstab", `mount.fstab: ${file}: ${error.code}`, error.code);
    }
  }
  const below = (parameter: MountParameter, type: string, place: string, own: readonly string[]) => {
    if (!read.boolean(parameter)) return;
    if (path === undefined) read.problem(parameter, `${parameter}: no jail root path defined`, "EINVAL");
    else add(parameter, { source: ".", target: `${path.replace(/\/+$/, "")}${place}`, type, options: own });
  };
  below("mount.devfs", "devfs", "/dev", [`ruleset=${ruleset ?? DEFAULT_RULESET}`]);
  below("mount.fdescfs", "fdescfs", "/dev/fd", []);
  below("mount.procfs", "procfs", "/proc", []);
  return mounts;
}

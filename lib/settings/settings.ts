import type { LocalKernel, RawOptions, RawSysctlNode, RawSysctlOutcome } from "../binding.js";
import { JailParameterError } from "../errors.js";
import { HostSettingError } from "./error.js";
import {
  type HostSettingName,
  type HostSettingValue,
  type HostSettingValues,
  isBooleanSetting,
  KNOWN_SETTINGS,
  type KnownSetting,
} from "./known.js";

/** A setting as a list shows it. */
export interface HostSetting {
  /** The sysctl's name. */
  readonly name: string;
  readonly value: boolean | number | bigint | string;
  /** Whether the host's root may change it while the system runs. */
  readonly writable: boolean;
  /** The kernel's own words. */
  readonly description: string;
}

// Types and flags of <sys/sysctl.h>. DragonFly's single bits (0x10, 0x11) are read and written as ints.
const TYPE = 0x1f;
const TYPES: Readonly<Record<string, string>> = {
  2: "int",
  3: "string",
  4: "int",
  6: "uint",
  7: "int",
  8: "uint",
  9: "uint",
  15: "uint",
  16: "int",
  17: "int",
};
const WRITABLE = 0x40000000;

/** Subtrees that are about jails. */
const TREES = { freebsd: ["security.jail"], dragonfly: ["jail"] } as const;
/** Settings elsewhere in the tree that jails depend on. */
const OTHERS = Object.keys(KNOWN_SETTINGS).filter((name) => !/^(security\.)?jail\./.test(name));

function known(name: string): KnownSetting | undefined {
  return Object.hasOwn(KNOWN_SETTINGS, name) ? KNOWN_SETTINGS[name as keyof HostSettingValues] : undefined;
}

function integerOf(bytes: Buffer, unsigned: boolean): number | bigint {
  if (bytes.length >= 8) {
    const wide = unsigned ? bytes.readBigUInt64LE(0) : bytes.readBigInt64LE(0);
    return wide >= -BigInt(Number.MAX_SAFE_INTEGER) && wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide;
  }
  return unsigned ? bytes.readUIntLE(0, bytes.length) : bytes.readIntLE(0, bytes.length);
}

function decode(name: string, kind: string, bytes: Buffer): boolean | number | bigint | string | undefined {
  if (kind === "string") return bytes.toString("utf8").replace(/\0.*$/s, "");
  if (![1, 2, 4, 8].includes(bytes.length)) return undefined;
  const number = integerOf(bytes, kind === "uint");
  return isBooleanSetting(name) ? number !== 0 : number;
}

function encodeInteger(name: string, value: unknown, size: number, unsigned: boolean): Uint8Array {
  if (isBooleanSetting(name) && typeof value !== "boolean")
    throw new JailParameterError(name, value, "it must be true or false");
  const number = typeof value === "boolean" ? BigInt(value) : typeof value === "bigint" ? value : undefined;
  const wide = number ?? (typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined);
  const bits = BigInt(size * 8);
  const [low, high] = unsigned ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  if (wide === undefined || wide < low || wide > high) {
    throw new JailParameterError(name, value, `it must be an integer from ${low} to ${high}`);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, wide));
  return bytes.subarray(0, size);
}

/** What a name is, as far as its value is concerned. */
interface Shape {
  readonly kind: "int" | "uint" | "string";
  readonly size: number;
}

/**
 * Settings of the host that are about jails, typed: `sysctl(8)` of `security.jail`, of `jail.defaults` (DragonFly BSD) and
 * of what jails depend on. A setting that this kernel does not have reads as undefined.
 */
export class HostSettings {
  readonly #kernel: LocalKernel;
  readonly #nodes = new Map<string, RawSysctlNode>();

  /** @internal */
  constructor(kernel: LocalKernel) {
    this.#kernel = kernel;
  }

  /**
   * One setting; undefined where the kernel has none of that name. Rejects with a {@link HostSettingError} for any other
   * failure.
   */
  async get<const Name extends HostSettingName>(
    name: Name,
    options?: RawOptions,
  ): Promise<HostSettingValue<Name> | undefined> {
    return this.#read(name, await this.#kernel.sysctl(name, undefined, options)) as HostSettingValue<Name> | undefined;
  }

  /** {@link get}, at once. */
  getSync<const Name extends HostSettingName>(name: Name): HostSettingValue<Name> | undefined {
    return this.#read(name, this.#kernel.sysctlSync(name)) as HostSettingValue<Name> | undefined;
  }

  /**
   * Sets one, and resolves with what it was before. Takes the host's root.
   *
   * Rejects with a {@link HostSettingError} that says why it may not be set: EPERM (not the host's root, read only, or only
   * in loader.conf(5)), ENOENT (this kernel has no such setting), EINVAL (the kernel refuses the value); with a
   * JailParameterError for a value that no kernel would take.
   */
  async set<const Name extends HostSettingName>(
    name: Name,
    value: HostSettingValue<Name>,
    options?: RawOptions,
  ): Promise<HostSettingValue<Name>> {
    const shape = this.#shape(name, value, await this.#kernel.sysctl(name, undefined, options));
    const bytes = this.#bytes(name, value, shape);
    return this.#written(name, value, await this.#kernel.sysctl(name, bytes, options)) as HostSettingValue<Name>;
  }

  /** {@link set}, at once. */
  setSync<const Name extends HostSettingName>(name: Name, value: HostSettingValue<Name>): HostSettingValue<Name> {
    const shape = this.#shape(name, value, this.#kernel.sysctlSync(name));
    const bytes = this.#bytes(name, value, shape);
    return this.#written(name, value, this.#kernel.sysctlSync(name, bytes)) as HostSettingValue<Name>;
  }

  /** All that this kernel has of them, with what it says of each; those of jails' parameters and lists are left out. */
  async list(options?: RawOptions): Promise<HostSetting[]> {
    const found: HostSetting[] = [];
    for (const tree of TREES[this.#kernel.system]) {
      const { nodes, error } = await this.#kernel.sysctlWalk(tree, options);
      if (error !== undefined) throw new HostSettingError(error, tree, undefined, undefined);
      for (const node of nodes) {
        if (/^security\.jail\.param\.|^jail\.\d|\.list$/.test(node.name)) continue;
        const value = decode(node.name, TYPES[node.kind & TYPE] ?? "", Buffer.from(node.value));
        if (value === undefined) continue;
        const writable = (node.kind & WRITABLE) !== 0;
        found.push({ name: node.name, value, writable, description: node.description });
      }
    }
    for (const name of OTHERS) {
      const value = await this.get(name, options);
      if (value === undefined) continue;
      const node = this.#node(name);
      const writable = ((node?.kind ?? 0) & WRITABLE) !== 0 && known(name)?.loader !== true;
      found.push({ name, value, writable, description: node?.description ?? "" });
    }
    return found.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  #read(name: string, outcome: RawSysctlOutcome): unknown {
    const { error } = outcome;
    if (error?.code === "ENOENT") return undefined;
    if (error !== undefined) throw new HostSettingError(error, name, undefined, undefined);
    return decode(name, this.#kindOf(name), Buffer.from(outcome.data));
  }

  #kindOf(name: string): "int" | "uint" | "string" {
    const kind = TYPES[(this.#node(name)?.kind ?? 2) & TYPE];
    return kind === "string" || kind === "uint" ? kind : "int";
  }

  /** What the kernel says of a node: it tells of those below a name, so the name before the last dot is asked. */
  #node(name: string): RawSysctlNode | undefined {
    const dot = name.lastIndexOf(".");
    if (!this.#nodes.has(name) && dot > 0) {
      const { nodes } = this.#kernel.sysctlWalkSync(name.slice(0, dot));
      for (const node of nodes) this.#nodes.set(node.name, node);
    }
    return this.#nodes.get(name);
  }

  #shape(name: string, value: unknown, { error, data }: RawSysctlOutcome): Shape {
    if (error !== undefined) throw new HostSettingError(error, name, value, this.#hint(name, error.code));
    return { kind: this.#kindOf(name), size: data.length };
  }

  #bytes(name: string, value: unknown, { kind, size }: Shape): Uint8Array {
    if (kind !== "string") return encodeInteger(name, value, size, kind === "uint");
    if (typeof value !== "string" || value.includes("\0")) {
      throw new JailParameterError(name, value, "it must be a string without a NUL character");
    }
    return Buffer.from(`${value}\0`);
  }

  #written(name: string, value: unknown, outcome: RawSysctlOutcome): unknown {
    const { error } = outcome;
    if (error !== undefined) throw new HostSettingError(error, name, value, this.#hint(name, error.code));
    return decode(name, this.#kindOf(name), Buffer.from(outcome.data));
  }

  #hint(name: string, code: string): string | undefined {
    if (code === "ENOENT") return known(name)?.missing ?? "this kernel has no such setting";
    if (code !== "EPERM") return undefined;
    const node = this.#node(name);
    if (known(name)?.loader)
      return `it is set in /boot/loader.conf (${name}=1), and takes effect when the system starts again`;
    if (node !== undefined && (node.kind & WRITABLE) === 0) return "it can only be read";
    const jailed = this.#kernel.system === "dragonfly" ? "jail.jailed" : "security.jail.jailed";
    if (this.getSync(jailed) === true) return "a jail cannot set it: the host's root can";
    return "it takes the host's root";
  }
}

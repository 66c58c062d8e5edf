/** What one run of the tool shares among its commands. */
import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { Cache } from "./cache.js";
import type { Cleanup } from "./cleanup.js";
import { VmError } from "./errors.js";
import { type Finder, findImage, type Image } from "./images/locate.js";
import { type Arch, basesOf, DEFAULT_RELEASE, isImage, parseRelease } from "./images/releases.js";
import { type Choice, chooseAccelerator, qemuVersion, Remembered } from "./machine/accelerator.js";
import { kernelKind, rootLabel } from "./machine/kernel-kind.js";
import type { MachineContext, MachineRequest } from "./machine/machine.js";
import { type DirectKernel, defaultAppend } from "./machine/qemu.js";
import { Records } from "./machine/records.js";
import type { Options } from "./options.js";
import { Waits } from "./waits.js";

/** A machine that was asked for: one of the matrix. */
export interface Target {
  /** A release's name, or a path or URL of an image; undefined: a kernel that lives in its initrd. */
  readonly image: string | undefined;
  readonly arch: Arch;
  /** A word for it in names of files. */
  readonly slug: string;
}

/** Where the tool's own output goes. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** A run of the tool. */
export class Session {
  readonly options: Options;
  readonly cache: Cache;
  readonly records: Records;
  readonly waits: Waits;
  readonly signal: AbortSignal;
  readonly cleanup: Cleanup;
  readonly io: Io;
  readonly #env: NodeJS.ProcessEnv;

  constructor(options: Options, env: NodeJS.ProcessEnv, io: Io, signal: AbortSignal, cleanup: Cleanup) {
    this.options = options;
    this.io = io;
    this.cache = Cache.of(env);
    this.records = new Records(this.cache);
    this.waits = new Waits(options.waits);
    this.signal = signal;
    this.cleanup = cleanup;
    this.#env = env;
  }

  /** Says what goes on, on the standard error. */
  say(line: string): void {
    this.io.stderr(`${line}\n`);
  }

  /** Prints what was asked for, on the standard output. */
  print(text: string): void {
    this.io.stdout(text);
  }

  /** Each release with each architecture. */
  targets(): readonly Target[] {
    const { image, kernel, words, arches } = this.options;
    const images =
      image !== undefined ? [image] : words.length > 0 ? words : [kernel === undefined ? DEFAULT_RELEASE : undefined];
    for (const each of images) if (each !== undefined && !isImage(each)) parseRelease(each);
    return images.flatMap((name) =>
      arches.map((arch) => ({ image: name, arch, slug: slugOf(name ?? kernel ?? "kernel", arch) })),
    );
  }

  /** What finding images takes. */
  finder(say: (line: string) => void): Finder {
    const { cache, waits, signal } = this;
    return { cache, waits, signal, say, bases: basesOf(this.#env), network: this.options.network };
  }

  /** The image of a target. */
  async image(target: Target, say: (line: string) => void): Promise<Image | undefined> {
    if (target.image === undefined) return undefined;
    return findImage({ name: target.image, arch: target.arch, way: this.options.way }, this.finder(say));
  }

  /** The machine for a target. */
  request(
    target: Target,
    image: Image | undefined,
    name: string,
    recording: string,
    outlives: boolean,
  ): MachineRequest {
    const { memory, cpus, user, password, network } = this.options;
    const way = this.options.way ?? image?.way ?? "serial";
    return {
      ...{ name, arch: target.arch, memory, cpus, image, network, outlives, recording },
      label: image?.label ?? target.slug,
      kernel: this.#kernel(image, target.arch),
      way: this.options.kernel === undefined ? way : (this.options.way ?? "serial"),
      login: { user, password },
    };
  }

  #kernel(image: Image | undefined, arch: Arch): DirectKernel | undefined {
    const { kernel: path, initrd, append } = this.options;
    if (path === undefined) return undefined;
    for (const file of [path, initrd]) {
      if (file !== undefined && !existsSync(file)) throw new VmError(`${file}: there is no such file`);
    }
    const label = image?.format === "raw" ? rootLabel(image.path) : undefined;
    return { path, initrd, append: append ?? defaultAppend(kernelKind(path), arch, label) };
  }

  /** QEMU's version, and the accelerators to try. */
  async accelerators(arch: Arch): Promise<{ version: string; choice: Choice; remembered: Remembered }> {
    const version = await qemuVersion(arch, this.signal);
    this.cache.folder("machines");
    const remembered = new Remembered(this.cache, version);
    return {
      version,
      remembered,
      choice: await chooseAccelerator(arch, this.options.accelerator, remembered, this.signal),
    };
  }

  /** What bringing machines up takes. */
  context(remembered: Remembered, say: (line: string) => void): MachineContext {
    const { records, waits, signal, cleanup } = this;
    return { records, waits, signal, cleanup, remembered, say };
  }

  /** @throws VmError where so many machines of that memory do not fit into this one */
  needMemory(machines: number): void {
    const wanted = machines * this.options.memory;
    const free = availableMebibytes();
    if (wanted <= free) return;
    const each = machines === 1 ? "the machine is" : `${machines} machines at once are`;
    throw new VmError(
      `${each} to have ${wanted} MiB of memory, and this one has ${Math.floor(free)} MiB to give`,
      "`--memory MIB` asks for less (the suite wants 1024 or more), `--jobs` runs fewer at once.",
    );
  }
}

/** What this machine can give, in MiB: what Linux calls available, elsewhere all there is. */
function availableMebibytes(): number {
  if (existsSync("/proc/meminfo")) {
    const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) / 1024;
  }
  return totalmem() / 1048576;
}

/** A word for file names. */
export function slugOf(name: string, arch: Arch): string {
  const base = isImage(name) ? name.replace(/^.*\//, "").replace(/\.(qcow2|raw|img|xz|bz2|gz|zst)\b/g, "") : name;
  return `${base.replace(/[^A-Za-z0-9.]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "machine"}-${arch}`;
}

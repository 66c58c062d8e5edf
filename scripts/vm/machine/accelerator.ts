/** Which accelerator QEMU can use here, found out by trying; emulation is always left. */
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch as hostArch, release as hostRelease, platform, tmpdir } from "node:os";
import { join } from "node:path";
import type { Cache } from "../cache.js";
import { VmError } from "../errors.js";
import type { Arch } from "../images/releases.js";
import { capture } from "../programs.js";

export const ACCELERATORS = ["kvm", "hvf", "nvmm", "tcg"] as const;
export type AcceleratorName = (typeof ACCELERATORS)[number];

/** An accelerator to use. */
export interface Accelerator {
  readonly name: AcceleratorName;
  /** How many times slower than hardware its guests are, generously. */
  readonly slowness: number;
}

/** The accelerators to try in their order, and why others are not among them. */
export interface Choice {
  readonly candidates: readonly [Accelerator, ...Accelerator[]];
  readonly notes: readonly string[];
}

const EMULATION: Accelerator = { name: "tcg", slowness: 6 };
const PROBE_MS = 20_000;
/** What the probe's guest writes to the exit device; QEMU ends with twice that and one. */
const PROBE_VALUE = 0x2a;

const NATIVE: Readonly<Record<string, AcceleratorName>> = {
  linux: "kvm",
  darwin: "hvf",
  netbsd: "nvmm",
  dragonfly: "nvmm",
};

/** QEMU's program for an architecture. */
export function qemuProgram(arch: Arch): string {
  return arch === "amd64" ? "qemu-system-x86_64" : "qemu-system-aarch64";
}

/**
 * The first line of QEMU's version.
 *
 * @throws VmError where it is not installed
 */
export async function qemuVersion(arch: Arch, signal: AbortSignal): Promise<string> {
  const program = qemuProgram(arch);
  try {
    const { stdout } = await capture(program, ["--version"], { signal });
    return stdout.split("\n")[0] ?? "";
  } catch (thrown) {
    if (!(thrown instanceof VmError)) throw thrown;
    const name = arch === "amd64" ? "x86" : "arm";
    throw new VmError(
      `${program} is not installed`,
      `Install QEMU: Debian \`qemu-system-${name} qemu-utils\`, Homebrew \`qemu\`, FreeBSD \`pkg install qemu-nox11\`.`,
    );
  }
}

/** The processor that this machine has, in FreeBSD's words. */
function ownArch(): string {
  return { x64: "amd64", arm64: "aarch64" }[hostArch() as string] ?? hostArch();
}

/** Why the device of an accelerator cannot be used, or undefined. */
export function deviceProblem(path: string): string | undefined {
  if (!existsSync(path)) return `there is no ${path}`;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return `${path} may not be opened by this user (on Linux: join the group kvm)`;
  }
}

/** Runs a guest of a few instructions that ends QEMU by itself. Undefined where it did, else what happened. */
async function probe(arch: Arch, name: AcceleratorName, signal: AbortSignal): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-vm-probe-"));
  const limit = AbortSignal.timeout(PROBE_MS);
  try {
    const { args, status } = arch === "amd64" ? bootSector(folder) : powerOff(folder);
    const common = ["-accel", name, "-nodefaults", "-no-user-config", "-display", "none"];
    const ended = await capture(qemuProgram(arch), [...common, ...args], { signal: AbortSignal.any([signal, limit]) });
    if (ended.status === status) return undefined;
    return ended.stderr.trim().split("\n").at(-1) || `QEMU ended with ${ended.status}`;
  } catch (thrown) {
    signal.throwIfAborted();
    if (limit.aborted) return `a guest of six instructions did not end within ${PROBE_MS / 1000} s`;
    throw thrown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** mov al, value; mov dx, 0x501; out dx, al; hlt; jmp to the hlt. */
function bootSector(folder: string) {
  const disk = join(folder, "disk");
  const sector = Buffer.alloc(512);
  sector.set([0xb0, PROBE_VALUE, 0xba, 0x01, 0x05, 0xee, 0xf4, 0xeb, 0xfd]);
  sector.set([0x55, 0xaa], 510);
  writeFileSync(disk, sector);
  const exit = ["-device", "isa-debug-exit,iobase=0x501,iosize=2"];
  const args = ["-machine", "pc", "-m", "16", ...exit, "-drive", `file=${disk},format=raw,if=ide`, "-boot", "c"];
  return { args, status: 2 * PROBE_VALUE + 1 };
}

/** movz w0, #8; movk w0, #0x8400, lsl 16 (PSCI's SYSTEM_OFF); hvc #0; branch to itself. */
function powerOff(folder: string) {
  const kernel = join(folder, "kernel");
  const words = [0x52800100, 0x72b08000, 0xd4000002, 0x14000000];
  writeFileSync(kernel, Buffer.from(Uint32Array.from(words).buffer));
  return { args: ["-machine", "virt", "-cpu", "host", "-m", "64", "-kernel", kernel], status: 0 };
}

/** Accelerators that were seen to start and then not to run a guest, remembered until QEMU or this machine's kernel changes. */
export class Remembered {
  readonly #file: string;
  readonly #key: string;

  constructor(cache: Cache, version: string) {
    this.#file = join(cache.root, "accelerators.json");
    this.#key = `${version} on ${platform()} ${hostRelease()}`;
  }

  #all(): Record<string, Record<string, string>> {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8"));
    } catch {
      return {};
    }
  }

  /** Why it is not to be tried, or undefined. */
  get(name: AcceleratorName, arch: Arch): string | undefined {
    return this.#all()[this.#key]?.[`${name} ${arch}`];
  }

  set(name: AcceleratorName, arch: Arch, why: string): void {
    const mine = { ...this.#all()[this.#key], [`${name} ${arch}`]: why };
    writeFileSync(this.#file, JSON.stringify({ [this.#key]: mine }));
  }
}

/**
 * Chooses. An accelerator that was asked for by name is the only candidate.
 *
 * @throws VmError where the one asked for cannot be used
 */
export async function chooseAccelerator(
  arch: Arch,
  asked: AcceleratorName | undefined,
  remembered: Remembered,
  signal: AbortSignal,
): Promise<Choice> {
  if (asked === "tcg") return { candidates: [EMULATION], notes: [] };
  const name = asked ?? NATIVE[platform()];
  if (name === undefined) return { candidates: [EMULATION], notes: [`QEMU has no accelerator for ${platform()}`] };
  const problem = await whyNot(arch, name, asked === undefined ? remembered : undefined, signal);
  if (problem === undefined) {
    const found: Accelerator = { name, slowness: 1 };
    return { candidates: asked === undefined ? [found, EMULATION] : [found], notes: [] };
  }
  if (asked !== undefined) throw new VmError(`${name}: ${problem}`, "Without --accel, emulation is taken instead.");
  return { candidates: [EMULATION], notes: [`${name}: ${problem}`] };
}

async function whyNot(arch: Arch, name: AcceleratorName, remembered: Remembered | undefined, signal: AbortSignal) {
  if (arch !== ownArch()) return `this machine's processor is ${ownArch()}, the guest's ${arch}`;
  const device = { kvm: "/dev/kvm", nvmm: "/dev/nvmm", hvf: undefined, tcg: undefined }[name];
  const problem = device === undefined ? undefined : deviceProblem(device);
  return problem ?? remembered?.get(name, arch) ?? probe(arch, name, signal);
}

/** The plan for this project's own suite: its checkout, its node_modules, its addon, its tests as root on the guest's kernel. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { isParameters } from "../../conformance/recording.js";
import { commandLine } from "../console/quote.js";
import { VmError } from "../errors.js";
import { type AddonRoad, performer } from "./addon.js";
import { checkoutFiles } from "./checkout.js";
import type { Modules } from "./modules.js";
import { GUEST_RESULTS, type Part, runPart } from "./part.js";
import type { Plan, Work } from "./plan.js";
import { GUEST_ROOT, provideNode, shellStep, step } from "./provision.js";
import type { PartResult } from "./summary.js";

const CHECKOUT = `${GUEST_ROOT}/checkout`;
/** TypeScript without a step of its own, in one process: tsx by name would start another, with descriptors to inherit. */
const TSX = ["--import", "tsx"] as const;
const NATIVE = { BSDJAIL_KERNEL: "native" };

/** What the kernels that were recorded had, loaded where it is a module. Others would add parameters to those of jails. */
const RECORDED_MODULES = ["nullfs", "fdescfs", "procfs", "tmpfs", "if_epair", "if_bridge"];

/** What the suite's tests can do more with. */
const TESTED_MODULES = ["linprocfs", "zfs"];

function loading(modules: readonly string[]): string {
  return `for m in ${modules.join(" ")}; do kldload -n $m 2>/dev/null; done`;
}

const NO_ASLR = "sysctl kern.elf64.aslr.enable=0 kern.elf64.aslr.pie_enable=0 || true";

/** Parts by name, the quick ones first: those that compare kernels want a machine on which no jail was left. */
export const PARTS = ["conformance", "random", "transcripts", "vitest", "record"] as const;
export type PartName = (typeof PARTS)[number];

/** The parts of a run that asks for none: recordings are made on request. */
export const USUAL_PARTS: readonly PartName[] = PARTS.filter((name) => name !== "record");

/** Seconds of random calls to both kernels. */
const RANDOM_SECONDS = 60;

/** What the plan is made of. */
export interface SuiteOptions {
  readonly root: string;
  readonly modules: Modules;
  readonly addon: AddonRoad;
  /** An archive, folder or program; undefined: the guest's own, or by pkg(8). */
  readonly node: string | undefined;
  readonly network: boolean;
  readonly parts: readonly PartName[];
  /** Words for vitest. */
  readonly words: readonly string[];
}

/** The release in a guest's `uname -srm`: `15.0`. */
export function releaseIn(system: string): string | undefined {
  return /^FreeBSD (\d+\.\d+)/.exec(system)?.[1];
}

/** Recordings that a kernel of that release can be compared with: those of its own major release. */
export function fittingFiles(root: string, folder: string, release: string | undefined): readonly string[] {
  const major = release?.split(".")[0];
  const place = join(root, folder);
  if (major === undefined || !existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => name.startsWith(`freebsd-${major}.`) && name.endsWith(".json"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Milliseconds for one test where the processor is emulated; elsewhere the suite's own limit. */
const EMULATED_TEST_MS = 600_000;

function vitest(words: readonly string[], emulated: boolean): Part {
  const limits = ["--testTimeout", "--hookTimeout"].map((name) => `${name}=${EMULATED_TEST_MS}`);
  const patience = emulated ? [...limits, "--experimental.fsModuleCache"] : [];
  const reporters = ["default", "junit", "./scripts/vm/suite/skips-reporter.ts"].map((name) => `--reporter=${name}`);
  return {
    name: "vitest",
    argv: [
      "node",
      "node_modules/vitest/vitest.mjs",
      "run",
      ...reporters,
      `--outputFile.junit=${GUEST_RESULTS}/vitest.xml`,
      ...patience,
      ...words,
    ],
    cwd: CHECKOUT,
    env: { ...NATIVE, BSDJAIL_VM_SKIPS: `${GUEST_RESULTS}/skips.json` },
    modules: TESTED_MODULES,
    junit: "vitest.xml",
    skips: "skips.json",
  };
}

/**
 * Parts that compare recordings, one for each file, since each was begun on a kernel that had made no jail; left out where
 * none fits.
 */
function comparisons(
  name: PartName,
  argv: readonly string[],
  files: readonly string[],
): readonly (Part | PartResult)[] {
  if (files.length === 0) return [leftOut(name, "no recording of this guest's release")];
  return files.map((file) => ({
    name: `${name}-${basename(file, ".json").replace("freebsd-", "")}`,
    argv: ["node", ...TSX, ...argv, file],
    cwd: CHECKOUT,
    env: NATIVE,
    unused: true,
  }));
}

/** The plan. */
export function suitePlan(options: SuiteOptions): Plan {
  const { root, modules, addon, node, network } = options;
  const nodeIdentity = node === undefined ? "pkg" : `${node} ${statSync(node, { throwIfNoEntry: false })?.mtimeMs}`;
  return {
    identity: hashed("suite 3", modules.identity, nodeIdentity, addon.by, String(network)),
    addon: addon.by === "cross-compiled" ? addon.by : `${addon.by} (${addon.why})`,

    async prepare(work) {
      await shellStep(work, "loading kernel modules", `${loading(RECORDED_MODULES)}; mkdir -p ${CHECKOUT}`);
      // Emulation forgets what it translated of a program that is never twice at the same place.
      if (work.emulated) await shellStep(work, "turning address randomization off", NO_ASLR);
      await provideNode(work, node, network);
      if (addon.by !== "cross-compiled" && network) {
        await step(work, "installing what compiles the addon", [
          "env",
          "ASSUME_ALWAYS_YES=yes",
          "pkg",
          "install",
          "-y",
          "python3",
          "gmake",
        ]);
      }
      work.say("putting node_modules into the guest");
      await work.guest.put({ folder: modules.folder, names: ["node_modules"] }, CHECKOUT, { signal: work.signal });
    },

    async run(first) {
      let work = first;
      const perform = existsSync(join(root, performer(work.arch))) ? performer(work.arch) : undefined;
      const made = addon.by === "cross-compiled" ? [addon.folder, ...(perform === undefined ? [] : [perform])] : [];
      const names = await checkoutFiles(root, ["dist", ...made], work.signal);
      const provide = async () => {
        work.say("putting the checkout into the guest");
        await work.guest.put({ folder: root, names }, CHECKOUT, { signal: work.signal });
        await addonInGuest(work, addon);
      };
      await provide();
      let used = false;
      const results: PartResult[] = [];
      for (const part of wanted(options, work, perform)) {
        if (!("argv" in part)) {
          results.push(part);
          continue;
        }
        if (part.unused && used && work.renew !== undefined) {
          work = await work.renew();
          await provide();
        }
        if (part.modules !== undefined) await shellStep(work, "loading kernel modules", `${loading(part.modules)}; :`);
        results.push(await runPart(part, work));
        used = true;
      }
      return results;
    },
  };
}

/** Random calls to this kernel and to the simulated one; the shortest sequences that differ come back as recordings. */
function random(perform: string | undefined): Part | PartResult {
  if (perform === undefined) return leftOut("random", "the program that makes the calls was not cross-compiled");
  const folder = `${GUEST_RESULTS}/random`;
  const argv = [
    "node",
    ...TSX,
    "scripts/conformance.ts",
    "--live",
    "--seconds",
    String(RANDOM_SECONDS),
    "--out",
    folder,
  ];
  return {
    name: "random",
    argv: [...argv, "--perform", `./${perform}`],
    cwd: CHECKOUT,
    env: NATIVE,
    artifact: "random",
    // Some kernels have jails that never end, once their descriptors were used.
    unused: true,
  };
}

/** New recordings of this machine: its kernel's answers to the scenarios of its release, its own commands' transcripts. */
function record(
  perform: string | undefined,
  kernel: readonly string[],
  transcripts: readonly string[],
): Part | PartResult {
  if (perform === undefined) return leftOut("record", "the program that makes the calls was not cross-compiled");
  const folder = `${GUEST_RESULTS}/recorded`;
  const scenarios = kernel.filter((name) => !isParameters(name));
  const copies = transcripts.map((name) => `${folder}/${basename(name)}`);
  const lines = [
    commandLine(["mkdir", "-p", folder]),
    `${commandLine(["node", ...TSX, "scripts/conformance.ts", "--record", ...scenarios, "--perform", `./${perform}`])} >${folder}/kernel.json`,
  ];
  if (copies.length > 0) {
    lines.push(commandLine(["cp", ...transcripts, folder]));
    lines.push(commandLine(["node", ...TSX, "scripts/transcripts.ts", "--record", ...copies]));
  }
  return {
    name: "record",
    argv: ["/bin/sh", "-c", lines.join(" && ")],
    cwd: CHECKOUT,
    env: NATIVE,
    artifact: "recorded",
  };
}

function leftOut(name: PartName, problem: string): PartResult {
  return { name, status: undefined, counts: undefined, ms: 0, skips: [], problem, leftOut: true };
}

function* wanted({ root, parts, words, addon }: SuiteOptions, work: Work, perform: string | undefined) {
  const release = releaseIn(work.system);
  const kernel = fittingFiles(root, "test/fixtures/kernel", release);
  // Texts of jail.conf say something of our reader, and nothing of a machine.
  const transcripts = fittingFiles(root, "test/fixtures/transcripts", release).filter(
    (name) => !name.includes("jail.conf"),
  );
  const made = addon.by === "cross-compiled" ? perform : undefined;
  // An emulated processor takes seconds for a start of Node.js: plain commands in one process, there.
  const quickly = work.emulated ? ["--quick"] : [];
  const table: Readonly<Record<PartName, () => readonly (Part | PartResult)[]>> = {
    vitest: () => [vitest(words, work.emulated)],
    conformance: () => comparisons("conformance", ["scripts/conformance.ts"], kernel),
    random: () => [random(made)],
    transcripts: () => comparisons("transcripts", ["scripts/transcripts.ts", "--real", ...quickly], transcripts),
    record: () => [record(made, kernel, transcripts)],
  };
  for (const name of parts) yield* table[name]();
}

/** Compiles the addon where it was not cross-compiled, and sees that it loads and answers. */
async function addonInGuest(work: Work, addon: AddonRoad): Promise<void> {
  if (addon.by !== "cross-compiled")
    await step(work, "compiling the addon in the guest", ["node", "scripts/install.cjs"], CHECKOUT);
  const ask = "const{JailHost}=require('./dist');console.log(JailHost.default.listSync(['jid']).length,'jails');";
  try {
    await step(work, "asking the guest's kernel for its jails", ["node", "-e", ask], CHECKOUT);
  } catch (thrown) {
    if (!(thrown instanceof VmError)) throw thrown;
    throw new VmError("the addon does not work in the guest", thrown.hint, thrown.detail);
  }
}

function hashed(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

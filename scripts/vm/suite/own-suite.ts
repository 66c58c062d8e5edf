/** The plan for this project's own suite: its checkout, its node_modules, its addon, its tests as root on the guest's kernel. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { VmError } from "../errors.js";
import type { AddonRoad } from "./addon.js";
import { checkoutFiles } from "./checkout.js";
import type { Modules } from "./modules.js";
import { GUEST_RESULTS, type Part, runPart } from "./part.js";
import type { Plan, Work } from "./plan.js";
import { GUEST_ROOT, provideNode, shellStep, step } from "./provision.js";
import type { PartResult } from "./summary.js";

const CHECKOUT = `${GUEST_ROOT}/checkout`;
const TSX = "node_modules/tsx/dist/cli.mjs";
const NATIVE = { BSDJAIL_KERNEL: "native" };

/** What the suite needs of a kernel that is a module, loaded where it is there. */
const KERNEL_MODULES = ["nullfs", "fdescfs", "procfs", "tmpfs", "linprocfs", "if_epair", "if_bridge", "zfs"];

/** Parts by name. */
export const PARTS = ["vitest", "conformance", "transcripts"] as const;
export type PartName = (typeof PARTS)[number];

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

function vitest(words: readonly string[]): Part {
  const reporters = ["default", "junit", "./scripts/vm/suite/skips-reporter.ts"].map((name) => `--reporter=${name}`);
  return {
    name: "vitest",
    argv: [
      "node",
      "node_modules/vitest/vitest.mjs",
      "run",
      ...reporters,
      `--outputFile.junit=${GUEST_RESULTS}/vitest.xml`,
      ...words,
    ],
    cwd: CHECKOUT,
    env: { ...NATIVE, BSDJAIL_VM_SKIPS: `${GUEST_RESULTS}/skips.json` },
    junit: "vitest.xml",
    skips: "skips.json",
  };
}

/** A part that compares recordings; left out where none fits. */
function comparison(name: PartName, argv: readonly string[], files: readonly string[]): Part | PartResult {
  if (files.length > 0) return { name, argv: ["node", TSX, ...argv, ...files], cwd: CHECKOUT, env: NATIVE };
  const problem = "no recording of this guest's release";
  return { name, status: undefined, counts: undefined, ms: 0, skips: [], problem, leftOut: true };
}

/** The plan. */
export function suitePlan(options: SuiteOptions): Plan {
  const { root, modules, addon, node, network, parts, words } = options;
  const nodeIdentity = node === undefined ? "pkg" : `${node} ${statSync(node, { throwIfNoEntry: false })?.mtimeMs}`;
  return {
    identity: hashed("suite 1", modules.identity, nodeIdentity, addon.by, String(network)),
    addon: addon.by === "cross-compiled" ? addon.by : `${addon.by} (${addon.why})`,

    async prepare(work) {
      await shellStep(
        work,
        "loading kernel modules",
        `for m in ${KERNEL_MODULES.join(" ")}; do kldload -n $m 2>/dev/null; done; mkdir -p ${CHECKOUT}`,
      );
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

    async run(work) {
      const { guest, signal } = work;
      const extra = addon.by === "cross-compiled" ? ["dist", addon.folder] : ["dist"];
      work.say("putting the checkout into the guest");
      await guest.put({ folder: root, names: await checkoutFiles(root, extra, signal) }, CHECKOUT, { signal });
      await addonInGuest(work, addon);
      const results: PartResult[] = [];
      for (const part of wanted(root, parts, words, releaseIn(work.system))) {
        results.push("argv" in part ? await runPart(part, work) : part);
      }
      return results;
    },
  };
}

function* wanted(root: string, names: readonly PartName[], words: readonly string[], release: string | undefined) {
  for (const name of names) {
    if (name === "vitest") yield vitest(words);
    if (name === "conformance") {
      yield comparison(name, ["scripts/conformance.ts"], fittingFiles(root, "test/fixtures/kernel", release));
    }
    if (name === "transcripts") {
      yield comparison(name, ["scripts/transcripts.ts"], fittingFiles(root, "test/fixtures/transcripts", release));
    }
  }
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

/** The addon for a guest: cross-compiled by zig where that is installed, else compiled in the guest. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findZig } from "../../freebsd/zig.js";
import { messageOf, VmError } from "../errors.js";
import type { Arch } from "../images/releases.js";
import { capture } from "../programs.js";
import { nodeCpu } from "./modules.js";

/** The folder of prebuilds for a guest, below the checkout. */
export function prebuilds(arch: Arch): string {
  return join("prebuilds", `freebsd-${nodeCpu(arch)}`);
}

/** The program that makes system calls for comparing kernels, cross-compiled with the addon. */
export function performer(arch: Arch): string {
  return join("build-freebsd", `${arch === "amd64" ? "x86_64" : "aarch64"}-freebsd.13.2`, "perform");
}

/** How the addon comes to be in the guest. */
export type AddonRoad =
  | { readonly by: "cross-compiled"; readonly folder: string }
  | { readonly by: "compiled in the guest"; readonly why: string };

/** Brings dist up to date, as `npm run build:ts` does. */
export async function buildDist(root: string, signal: AbortSignal): Promise<void> {
  const steps = [["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], ["scripts/bundle.mjs"]];
  for (const [script = "", ...words] of steps) {
    const built = await capture(process.execPath, [join(root, script), ...words], { cwd: root, signal });
    if (built.status !== 0)
      throw new VmError("dist could not be built", "", `${built.stdout}${built.stderr}`.trim().split("\n"));
  }
}

/** Brings the prebuild for the guest up to date where zig is. */
export async function buildHere(
  root: string,
  arch: Arch,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<AddonRoad> {
  try {
    findZig();
  } catch (thrown) {
    return { by: "compiled in the guest", why: messageOf(thrown) };
  }
  say(`cross-compiling the addon for freebsd ${nodeCpu(arch)}`);
  const args = [join(root, "node_modules/tsx/dist/cli.mjs"), "scripts/build-freebsd.ts", nodeCpu(arch)];
  const { status, stdout, stderr } = await capture(process.execPath, args, { cwd: root, signal });
  if (status !== 0)
    throw new VmError("the addon could not be cross-compiled", "", `${stdout}${stderr}`.trim().split("\n").slice(-20));
  return { by: "cross-compiled", folder: prebuilds(arch) };
}

/** A prebuild that is there and was not built by this run. */
export function prebuilt(root: string, arch: Arch): AddonRoad {
  const folder = prebuilds(arch);
  const place = join(root, folder);
  if (existsSync(place) && readdirSync(place).some((name) => name.endsWith(".node")))
    return { by: "cross-compiled", folder };
  throw new VmError(`${folder} has no prebuild`, "Without --prebuilt it is built.");
}

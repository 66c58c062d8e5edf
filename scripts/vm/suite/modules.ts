/** node_modules for a guest: npm installs another system's packages when asked to. Kept by what package-lock.json says. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Cache, partialName } from "../cache.js";
import { VmError } from "../errors.js";
import type { Arch } from "../images/releases.js";
import { withLock } from "../lock.js";
import { capture } from "../programs.js";
import type { Waits } from "../waits.js";

const FILES = ["package.json", "package-lock.json", ".npmrc"];

/** Node.js' word for a processor. */
export function nodeCpu(arch: Arch): "x64" | "arm64" {
  return arch === "amd64" ? "x64" : "arm64";
}

interface ModulesOptions {
  readonly root: string;
  readonly arch: Arch;
  readonly cache: Cache;
  readonly network: boolean;
  readonly waits: Waits;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** A folder with node_modules in it, and a word that changes when it does. */
export interface Modules {
  readonly folder: string;
  readonly identity: string;
}

/** A node_modules that was named by the user. */
export function givenModules(path: string): Modules {
  const folder = path.replace(/\/node_modules\/?$/, "");
  const inside = join(folder, "node_modules");
  if (!existsSync(join(inside, "vitest"))) {
    throw new VmError(
      `${path}: there is no node_modules with vitest`,
      "`npm install --os=freebsd --cpu=x64` makes one.",
    );
  }
  return { folder, identity: `given ${folder} ${statSync(inside).mtimeMs}` };
}

/** node_modules for FreeBSD on that processor, installed where it is not kept yet. */
export async function guestModules(options: ModulesOptions): Promise<Modules> {
  const { root, arch, cache, network, waits, signal, say } = options;
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")
    .slice(0, 12);
  const name = `freebsd-${nodeCpu(arch)}-${hash}`;
  const folder = cache.path("modules", name);
  if (existsSync(folder)) return { folder, identity: name };
  const onWait = (pid: number) => say(`process ${pid} is installing the same node_modules; waiting for it`);
  await withLock(cache.lock("modules", name), { waits, signal, onWait }, async () => {
    if (existsSync(folder)) return;
    say(`installing node_modules for freebsd ${nodeCpu(arch)}, once`);
    const place = partialName(folder);
    mkdirSync(place);
    try {
      for (const file of FILES) if (existsSync(join(root, file))) copyFileSync(join(root, file), join(place, file));
      await install(place, nodeCpu(arch), network, signal);
      renameSync(place, folder);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
  return { folder, identity: name };
}

async function install(place: string, cpu: string, network: boolean, signal: AbortSignal): Promise<void> {
  const source = network ? "--prefer-offline" : "--offline";
  // Its scripts would compile for this machine.
  const args = ["ci", "--os=freebsd", `--cpu=${cpu}`, "--ignore-scripts", "--no-audit", "--no-fund", source];
  const { status, stderr } = await capture("npm", args, { cwd: place, signal });
  if (status === 0) return;
  throw new VmError(
    `npm could not install packages for freebsd ${cpu} (status ${status})`,
    network
      ? ""
      : "`npm run vm -- fetch` once with a network gets what is missing; `--node-modules FOLDER` takes one that is there.",
    stderr.trim().split("\n").slice(-8),
  );
}

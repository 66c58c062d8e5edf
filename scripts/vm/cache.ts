/** What the tool keeps between runs: images, saved machines, node_modules for guests. Everything in it can be made again. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { homedir, platform } from "node:os";
import { join } from "node:path";

/** The kinds of things kept, each in a folder of its own. */
export const KINDS = ["images", "states", "modules", "machines"] as const;
export type Kind = (typeof KINDS)[number];

/** Something that is kept. */
export interface Kept {
  readonly kind: Kind;
  readonly name: string;
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
}

/** The place where things are kept. */
export class Cache {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** `BSDJAIL_VM_CACHE`, or this system's folder for caches. */
  static of(env: NodeJS.ProcessEnv): Cache {
    if (env.BSDJAIL_VM_CACHE) return new Cache(env.BSDJAIL_VM_CACHE);
    const base =
      env.XDG_CACHE_HOME ?? join(homedir(), ...(platform() === "darwin" ? ["Library", "Caches"] : [".cache"]));
    return new Cache(join(base, "bsdjail-vm"));
  }

  /** The folder of a kind, made where it is missing. */
  folder(kind: Kind): string {
    const folder = join(this.root, kind);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Where something of that name is or would be. */
  path(kind: Kind, name: string): string {
    return join(this.folder(kind), name);
  }

  /** The lock of something. */
  lock(kind: Kind, name: string): string {
    return join(this.root, "locks", `${kind}-${name}`);
  }

  /** What is kept, leaving out what is still being made. */
  list(): readonly Kept[] {
    return KINDS.flatMap((kind) =>
      readdirSync(this.folder(kind))
        .filter((name) => !isPartial(name))
        .sort()
        .map((name) => ({ kind, name, path: join(this.root, kind, name), size: sizeOf(join(this.root, kind, name)) })),
    );
  }

  /** Removes something, and everything that was left half made with it. */
  remove(kind: Kind, name: string): void {
    rmSync(join(this.root, kind, name), { recursive: true, force: true });
  }

  /** Removes what a process that is gone left half made. Only those older than a day: a living one may be at work. */
  sweep(now = Date.now()): void {
    for (const kind of KINDS) {
      for (const name of readdirSync(this.folder(kind))) {
        const path = join(this.root, kind, name);
        if (isPartial(name) && now - statSync(path).mtimeMs > 86_400_000)
          rmSync(path, { recursive: true, force: true });
      }
    }
  }
}

/** The name of something while it is being made. */
export function partialName(path: string): string {
  return `${path}.part-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
}

function isPartial(name: string): boolean {
  return /\.part-\d+-\w+$/.test(name);
}

function sizeOf(path: string): number {
  if (!existsSync(path)) return 0;
  const info = statSync(path);
  if (!info.isDirectory()) return info.blocks * 512;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

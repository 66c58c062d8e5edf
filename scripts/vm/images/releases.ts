/**
 * Names of releases and where their official images are published. Nothing about the file names is guessed: the list of
 * checksums beside the images says which there are, and {@link choose} takes the best of them.
 */
import { UsageError } from "../errors.js";

/** Processors that images are published for. */
export const ARCHES = ["amd64", "aarch64"] as const;
export type Arch = (typeof ARCHES)[number];

/** How the tool comes into a machine. */
export const WAYS = ["ssh", "serial"] as const;
export type Way = (typeof WAYS)[number];

/** What was asked for by name. */
export interface Release {
  readonly system: "freebsd" | "dragonfly";
  /** As it was asked for, `15.0` or `15-stable`. */
  readonly name: string;
  /** As the folder is called: `15.0-RELEASE`; for a branch without its minor number, `15-STABLE`. */
  readonly version: string;
  /** Published anew every week, so that a cached one grows old. */
  readonly moving: boolean;
}

/** Where images are published. Each can be set, for a mirror. */
export interface Bases {
  readonly freebsd: string;
  /** Where releases go that are no longer supported. */
  readonly freebsdArchive: string;
  readonly dragonfly: string;
}

export const BASES: Bases = {
  freebsd: "https://download.freebsd.org",
  freebsdArchive: "https://ftp-archive.freebsd.org/pub/FreeBSD-Archive/old-releases",
  dragonfly: "https://mirror-master.dragonflybsd.org/iso-images",
};

/** The bases, with `BSDJAIL_VM_MIRROR`, `…_ARCHIVE` and `…_DRAGONFLY` of the environment in their places. */
export function basesOf(env: NodeJS.ProcessEnv): Bases {
  const base = (name: string, standard: string) => (env[name] ?? standard).replace(/\/+$/, "");
  return {
    freebsd: base("BSDJAIL_VM_MIRROR", BASES.freebsd),
    freebsdArchive: base("BSDJAIL_VM_ARCHIVE", BASES.freebsdArchive),
    dragonfly: base("BSDJAIL_VM_DRAGONFLY", BASES.dragonfly),
  };
}

/** What runs where nothing is named. */
export const DEFAULT_RELEASE = "15.0";

/** Reads a release's name: `15.0`, `15.1-RC2`, `15-stable`, `16-current`, `freebsd-14.3`, `dragonfly-6.4.2`. */
export function parseRelease(text: string): Release {
  const [, system = "freebsd", name = ""] = /^(?:(freebsd|dragonfly)-)?(.+)$/i.exec(text) ?? [];
  if (system.toLowerCase() === "dragonfly") {
    if (/^\d+\.\d+(\.\d+)?$/.test(name)) return { system: "dragonfly", name: text, version: name, moving: false };
    throw new UsageError(`${text}: not a release of DragonFly, such as dragonfly-6.4.2`);
  }
  const release = /^(\d+\.\d+)(?:-(release|beta\d+|rc\d+))?$/i.exec(name);
  if (release) {
    const version = `${release[1]}-${(release[2] ?? "release").toUpperCase()}`;
    return { system: "freebsd", name: text, version, moving: false };
  }
  const branch = /^(\d+(?:\.\d+)?)-(stable|current)$/i.exec(name);
  if (branch) {
    return { system: "freebsd", name: text, version: `${branch[1]}-${branch[2]?.toUpperCase()}`, moving: true };
  }
  throw new UsageError(
    `${text}: neither a release (15.0, 14.3, 15.1-RC2, 15-stable, 16-current, dragonfly-6.4.2) nor a path or URL of an image`,
  );
}

/** Whether a word means an image by itself: a URL, or a path. */
export function isImage(text: string): boolean {
  return (
    /^https?:\/\//.test(text) || text.includes("/") || /\.(qcow2|raw|img|iso|vmdk|vhd)(\.(xz|bz2|gz|zst))?$/.test(text)
  );
}

/** A folder of images and the name of its list of checksums. */
export interface Folder {
  readonly url: string;
  readonly list: string;
}

/** The folders in which a release's images may be, best first. */
export function folders(release: Release, arch: Arch, way: Way | undefined, bases: Bases): readonly Folder[] {
  if (release.system === "dragonfly") return [{ url: bases.dragonfly, list: "md5.txt" }];
  const kinds = way === "serial" ? ["CI-IMAGES", "VM-IMAGES"] : ["VM-IMAGES", "CI-IMAGES"];
  const tops = release.moving ? [`${bases.freebsd}/snapshots`] : [`${bases.freebsd}/releases`, bases.freebsdArchive];
  return tops.flatMap((top) =>
    kinds.map((kind) => ({ url: `${top}/${kind}/${release.version}/${arch}/Latest`, list: "CHECKSUM.SHA512" })),
  );
}

/** The folder whose index names the minor number of a branch, `15-STABLE` → `15.0-STABLE`. Undefined where none is needed. */
export function branchIndex(release: Release, bases: Bases): string | undefined {
  return release.moving && /^\d+-/.test(release.version) ? `${bases.freebsd}/snapshots/VM-IMAGES` : undefined;
}

/** The newest folder of that branch in an index page. */
export function newestOfBranch(release: Release, index: string): string | undefined {
  const [, major, kind] = /^(\d+)-(\w+)$/.exec(release.version) ?? [];
  const minors = [...index.matchAll(/href="([^"/]+)\/?"/g)]
    .map(([, name]) => /^(\d+)\.(\d+)-(\w+)$/.exec(name ?? ""))
    .filter((found) => found?.[1] === major && found?.[3] === kind)
    .map((found) => Number(found?.[2]));
  return minors.length === 0 ? undefined : `${major}.${Math.max(...minors)}-${kind}`;
}

/**
 * The best image among the names of a folder: one that cloud-init can prepare, or that has its console on the serial line;
 * UFS rather than ZFS, which wants more memory; qcow2 rather than raw, which is larger.
 */
export function choose(
  release: Release,
  arch: Arch,
  way: Way | undefined,
  names: readonly string[],
): string | undefined {
  const wanted = release.system === "dragonfly" ? dragonflyNames(release) : freebsdNames(release, arch, way);
  for (const each of wanted) {
    const found = names.find((name) => each.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function dragonflyNames({ version }: Release): RegExp[] {
  return [new RegExp(`^dfly-x86_64-${escaped(version)}(\\.0)?_REL\\.img\\.bz2$`)];
}

function freebsdNames({ version }: Release, arch: Arch, way: Way | undefined): RegExp[] {
  const processor = arch === "aarch64" ? "arm64-aarch64" : arch;
  // Snapshots carry a date, a commit and a revision behind the name.
  const start = `^FreeBSD-${escaped(version)}-${processor}`;
  const rest = "(?:-\\d{8}-[0-9a-f]+-\\d+)?";
  const flavours = way === "serial" ? ["-BASIC-CI", "-BASIC-CLOUDINIT"] : ["-BASIC-CLOUDINIT", "-BASIC-CI"];
  if (way === undefined) flavours.push("");
  return flavours.flatMap((flavour) =>
    ["-ufs", ""].flatMap((fs) =>
      ["qcow2", "raw"].flatMap((format) => [
        new RegExp(`${start}${flavour}${fs}${rest}\\.${format}\\.xz$`),
        new RegExp(`${start}${rest}${flavour}${fs}\\.${format}\\.xz$`),
      ]),
    ),
  );
}

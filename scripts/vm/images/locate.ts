/** From what was asked for to an image on this machine: from the cache, from a path, or downloaded. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Cache, partialName } from "../cache.js";
import { VmError } from "../errors.js";
import { withLock } from "../lock.js";
import { type Checksum, parseChecksums } from "./checksums.js";
import { compression, decompress } from "./decompress.js";
import { download, fetchText, type NetworkOptions } from "./download.js";
import {
  type Arch,
  type Bases,
  branchIndex,
  choose,
  folders,
  isImage,
  newestOfBranch,
  parseRelease,
  type Release,
  type Way,
} from "./releases.js";

/** An image that can be used. It is never written to. */
export interface Image {
  /** What was asked for, for people. */
  readonly label: string;
  readonly path: string;
  readonly format: "qcow2" | "raw" | "vmdk" | "vpc";
  /** Changes whenever the image does. */
  readonly identity: string;
  /** The way in that it was made for; undefined where that is not known. */
  readonly way: Way | undefined;
  /** Where it came from and whether its checksum was compared. */
  readonly origin: string;
}

/** What was asked for. */
export interface ImageRequest {
  /** A release's name, or a path or URL. */
  readonly name: string;
  readonly arch: Arch;
  readonly way: Way | undefined;
}

/** What it takes to find images. */
export interface Finder extends NetworkOptions {
  readonly cache: Cache;
  readonly bases: Bases;
  /** Whether the network may be used. */
  readonly network: boolean;
}

/** Notes beside a cached image. */
interface Source {
  readonly url: string;
  readonly checksum?: Checksum;
}

/** An image's format, by its first bytes. */
export function formatOf(path: string): Image["format"] {
  const head = Buffer.alloc(8);
  const fd = openSync(path, "r");
  try {
    readSync(fd, head, 0, 8, 0);
  } finally {
    closeSync(fd);
  }
  if (head.subarray(0, 4).equals(Buffer.from("QFI\xfb", "latin1"))) return "qcow2";
  if (head.toString("latin1").startsWith("KDMV")) return "vmdk";
  return head.toString("latin1") === "conectix" ? "vpc" : "raw";
}

function hashed(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

/** The way in that an image's name promises. */
function wayOf(name: string): Way | undefined {
  if (name.includes("BASIC-CLOUDINIT")) return "ssh";
  return name.includes("BASIC-CI") ? "serial" : undefined;
}

/** Finds the image, downloading it where it is not there yet. */
export async function findImage(request: ImageRequest, finder: Finder): Promise<Image> {
  const { name } = request;
  if (!isImage(name)) return releaseImage(request, parseRelease(name), finder);
  if (/^https?:/.test(name)) return downloadedImage(`url-${hashed(name)}`, name, { url: name }, finder);
  return fileImage(resolve(name), finder);
}

async function fileImage(path: string, finder: Finder): Promise<Image> {
  if (!existsSync(path))
    throw new VmError(`${path}: there is no such image`, "`npm run vm -- list` shows the cached ones.");
  const { size, mtimeMs, ino } = statSync(path);
  const key = `file-${hashed(path, size, mtimeMs, ino)}`;
  const kind = compression(path);
  if (kind !== undefined) {
    const folder = await fill(key, finder, async (place) => {
      finder.say(`decompressing ${path}`);
      await decompress(path, kind, join(place, "image"), finder.signal);
    });
    return described(folder, key, basename(path), path);
  }
  if (size < 512) throw new VmError(`${path}: ${size} bytes are no disk image`);
  const format = formatOf(path);
  return { label: basename(path), path, format, identity: key, way: wayOf(path), origin: path };
}

async function releaseImage(request: ImageRequest, release: Release, finder: Finder): Promise<Image> {
  const key = [release.system, release.version, request.arch, request.way ?? "any"].join("-").toLowerCase();
  const cached = cachedSource(finder.cache, key);
  if (!finder.network || (cached !== undefined && !release.moving)) {
    if (cached !== undefined) return described(finder.cache.path("images", key), key, request.name, cached.url);
    throw new VmError(
      `${request.name} (${request.arch}) is not in the cache, and the network is not to be used`,
      "Run once without --no-network, or name a file by --image.",
    );
  }
  const source = await publishedImage(request, release, finder);
  const fresh = cached !== undefined && cached.checksum?.value === source.checksum?.value;
  if (cached !== undefined && !fresh) finder.cache.remove("images", key);
  return downloadedImage(key, request.name, source, finder);
}

function cachedSource(cache: Cache, key: string): Source | undefined {
  try {
    return JSON.parse(readFileSync(join(cache.path("images", key), "source.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/** The best image of the first folder that has one, and its checksum. */
async function publishedImage(request: ImageRequest, release: Release, finder: Finder): Promise<Required<Source>> {
  let wanted = release;
  const index = branchIndex(release, finder.bases);
  if (index !== undefined) {
    const newest = newestOfBranch(release, (await fetchText(`${index}/`, finder)) ?? "");
    if (newest === undefined)
      throw new VmError(`${index} lists no ${release.version}`, "Name its minor number, `15.1-stable`.");
    wanted = { ...release, version: newest };
  }
  const looked: string[] = [];
  for (const { url, list } of folders(wanted, request.arch, request.way, finder.bases)) {
    const text = await fetchText(`${url}/${list}`, finder);
    looked.push(`${url}/${list}${text === undefined ? ": not there" : ""}`);
    if (text === undefined) continue;
    const sums = parseChecksums(text);
    const name = choose(wanted, request.arch, request.way, [...sums.keys()]);
    const checksum = name === undefined ? undefined : sums.get(name);
    if (name !== undefined && checksum !== undefined) return { url: `${url}/${name}`, checksum };
  }
  throw new VmError(
    `no image of ${request.name} for ${request.arch}${request.way === undefined ? "" : ` and --way ${request.way}`} is published`,
    "An image of your own goes by --image.",
    looked,
  );
}

async function downloadedImage(key: string, label: string, source: Source, finder: Finder): Promise<Image> {
  const { cache, network } = finder;
  if (!network && cachedSource(cache, key) === undefined) {
    throw new VmError(`${source.url} is not in the cache, and the network is not to be used`);
  }
  const folder = await fill(key, finder, async (place) => {
    const kind = compression(source.url);
    const file = join(place, kind === undefined ? "image" : `image.${kind}`);
    finder.say(`downloading ${source.url}`);
    await download(source.url, file, source.checksum, finder);
    if (kind !== undefined) {
      finder.say("decompressing it, once");
      await decompress(file, kind, join(place, "image"), finder.signal);
      rmSync(file);
    }
    writeFileSync(join(place, "source.json"), JSON.stringify(source));
  });
  return described(folder, key, label, source.url);
}

/** A folder of the cache, filled by `make` where it is not there; it takes its name when it is whole. */
async function fill(key: string, finder: Finder, make: (place: string) => Promise<void>): Promise<string> {
  const { cache, waits, signal, say } = finder;
  const folder = cache.path("images", key);
  if (existsSync(folder)) return folder;
  const onWait = (pid: number) => say(`process ${pid} is fetching the same image; waiting for it`);
  await withLock(cache.lock("images", key), { waits, signal, onWait }, async () => {
    if (existsSync(folder)) return;
    const place = partialName(folder);
    try {
      mkdirSync(place);
      await make(place);
      renameSync(place, folder);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
  return folder;
}

function described(folder: string, key: string, label: string, origin: string): Image {
  const path = join(folder, "image");
  const { size, mtimeMs } = statSync(path);
  return {
    label,
    path,
    format: formatOf(path),
    identity: `${key}-${hashed(size, mtimeMs)}`,
    way: wayOf(origin),
    origin,
  };
}

import { type SpawnOptions, spawn } from "node:child_process";
import { createReadStream, createWriteStream, openSync, renameSync, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { partialName } from "../cache.js";
import { VmError } from "../errors.js";
import { capture } from "../programs.js";
import { needSpace } from "./space.js";

/** Programs that decompress to their standard output, by the end of a file's name. */
const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  xz: ["xz", "-dc"],
  bz2: ["bzip2", "-dc"],
  zst: ["zstd", "-dcq"],
};

/** How a file is compressed, by its name. */
export function compression(name: string): "xz" | "bz2" | "zst" | "gz" | undefined {
  const end = /\.(xz|bz2|zst|gz)$/.exec(name)?.[1];
  return end as "xz" | "bz2" | "zst" | "gz" | undefined;
}

/** Decompresses `from` into `to`, which takes its name when it is whole. */
export async function decompress(from: string, kind: string, to: string, signal: AbortSignal): Promise<void> {
  const partial = partialName(to);
  try {
    if (kind === "xz") await needRoom(from, to, signal);
    if (kind === "gz") {
      await pipeline(createReadStream(from), createGunzip(), createWriteStream(partial), { signal });
    } else {
      const [program, ...args] = PROGRAMS[kind] as [string, ...string[]];
      await toFile(program, [...args, from], partial, signal);
    }
    renameSync(partial, to);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** What xz says that the file will be. */
async function needRoom(from: string, to: string, signal: AbortSignal): Promise<void> {
  const { status, stdout } = await capture("xz", ["--robot", "--list", from], { signal });
  const size = Number(/^totals\t(?:[^\t]*\t){3}(\d+)/m.exec(stdout)?.[1] ?? Number.NaN);
  if (status === 0 && size > 0) needSpace(to, size, `${from}, decompressed`);
}

function toFile(program: string, args: readonly string[], file: string, signal: AbortSignal): Promise<void> {
  const fd = openSync(file, "wx");
  const options: SpawnOptions = { stdio: ["ignore", fd, "pipe"], signal };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, options);
    let text = "";
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
      text = (text + piece).slice(-2000);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") return reject(signal.aborted ? signal.reason : error);
      reject(new VmError(`${program} is not installed: it decompresses the image`, `Install ${program}.`));
    });
    child.on("close", (status) => {
      if (status === 0) resolve();
      else reject(new VmError(`${program} ended with ${status}: ${text.trim()}`, "The image is damaged or cut off."));
    });
  });
}

/** Tar streams of this machine's files. */
import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { VmError } from "../errors.js";

/** What goes into a guest: files below a folder, or a finished archive. */
export type TarSource = { readonly folder: string; readonly names: readonly string[] } | { readonly archive: string };

/** A tar archive's content, decompressed where it is compressed. */
function archiveContent(path: string): { readonly output: Readable; readonly done: Promise<void> } {
  const program = { xz: "xz", bz2: "bzip2", zst: "zstd", gz: "gzip", tgz: "gzip", txz: "xz" }[
    path.replace(/^.*\./, "")
  ];
  if (program === undefined) return { output: createReadStream(path), done: Promise.resolve() };
  const child = spawn(program, ["-dc", path], { stdio: ["ignore", "pipe", "pipe"] });
  return { output: child.stdout, done: ended(child, program) };
}

/** What goes in as a stream. */
export function contentOf(source: TarSource): { readonly output: Readable; readonly done: Promise<void> } {
  return "archive" in source ? archiveContent(source.archive) : packed(source);
}

/** macOS would put a file beside each that has attributes of its own. */
const ENV = { ...process.env, COPYFILE_DISABLE: "1" };

/** A tar that writes to `output`; resolves when it has ended well. */
function packed(source: Extract<TarSource, { folder: string }>): {
  readonly output: Readable;
  readonly done: Promise<void>;
} {
  const child = spawn("tar", ["-cf", "-", "-C", source.folder, "--null", "-T", "-"], {
    env: ENV,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(source.names.map((name) => `${name}\0`).join(""));
  return { output: child.stdout, done: ended(child, "tar") };
}

/** Unpacks an archive, a file or a stream, into a folder. Owners are not kept. */
export function unpack(from: string | Readable, folder: string): Promise<void> {
  const archive = typeof from === "string" ? from : "-";
  const stdio = [typeof from === "string" ? "ignore" : "pipe", "ignore", "pipe"] as const;
  const child = spawn("tar", ["-xf", archive, "-C", folder, "-o"], { env: ENV, stdio: [...stdio] });
  if (typeof from !== "string" && child.stdin !== null) {
    child.stdin.on("error", () => {});
    from.pipe(child.stdin);
  }
  return ended(child, "tar");
}

/** Resolves when a program has ended with status 0. */
export function ended(child: ChildProcess, name: string): Promise<void> {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
    text = (text + piece).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new VmError(`${name} is not installed`) : error);
    });
    child.on("close", (status, signal) => {
      if (status === 0) resolve();
      else reject(new VmError(`${name} ended with ${signal ?? status}: ${text.trim()}`));
    });
  });
}

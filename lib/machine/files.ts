import {
  closeSync,
  constants,
  fsync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { lstat, open, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { abortable } from "../abort.js";
import { makeDirectories } from "./directories.js";
import {
  type AppendFile,
  type FileInfo,
  MachineError,
  type MachineOptions,
  type ReadOptions,
  type WriteOptions,
} from "./machine.js";

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "EIO";
}

/** Node's own system error as ours, with the path that the caller named. */
function machineError(error: unknown, path: string): MachineError {
  if (error instanceof MachineError) return error;
  const { syscall } = error as NodeJS.ErrnoException;
  return new MachineError(codeOf(error), syscall ?? "open", path);
}

async function wrap<T>(path: string, options: MachineOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await abortable(options.signal, work);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw machineError(error, path);
  }
}

/** The file operations of a machine whose files are this machine's, all of them or those below `base`. */
export class LocalFiles {
  readonly #base: string;
  #counter = 0;

  /** @param base what stands before every path: "" for the machine's own root */
  constructor(base = "") {
    this.#base = base;
  }

  /** Where a path of the machine is in this process's view. */
  place(path: string): string {
    if (!path.startsWith("/")) throw new MachineError("EINVAL", "open", path, `path "${path}" is not absolute`);
    if (path.includes("\0")) throw new MachineError("EINVAL", "open", path, "a path contains a NUL");
    return this.#base === "" ? path : join(this.#base, path);
  }

  async stat(
    path: string,
    options: MachineOptions & { readonly follow?: boolean } = {},
  ): Promise<FileInfo | undefined> {
    try {
      const info = await wrap(path, options, () => (options.follow ? stat : lstat)(this.place(path), { bigint: true }));
      const type = info.isFile()
        ? "file"
        : info.isDirectory()
          ? "directory"
          : info.isSymbolicLink()
            ? "symlink"
            : "other";
      return { type, size: Number(info.size), dev: String(info.dev), ino: String(info.ino) };
    } catch (error) {
      if (error instanceof MachineError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
      throw error;
    }
  }

  async realPath(path: string, options: MachineOptions = {}): Promise<string | undefined> {
    try {
      const real = await wrap(path, options, () => realpath(this.place(path)));
      if (this.#base === "") return real;
      const base = await wrap(path, options, () => realpath(this.#base));
      return real === base ? "/" : real.startsWith(`${base}/`) ? real.slice(base.length) : real;
    } catch (error) {
      if (error instanceof MachineError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
      throw error;
    }
  }

  // What follows without `sync` and without a length is about small files and waits for no disk: to go through the
  // thread pool takes ten times as long as the calls themselves.

  readFile(path: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const { from = 0, most } = options;
    if (from === 0 && most === undefined) return wrap(path, options, async () => readFileSync(this.place(path)));
    return wrap(path, options, async () => {
      const file = await open(this.place(path), "r");
      try {
        const { size } = await file.stat();
        const bytes = Buffer.alloc(Math.max(0, Math.min(size - from, most ?? Number.POSITIVE_INFINITY)));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    });
  }

  writeFile(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const place = this.place(path);
    const scratch = `${place}.${process.pid}.${this.#counter++}.new`;
    return wrap(path, options, async () => {
      try {
        const fd = openSync(scratch, "wx", options.mode ?? 0o600);
        try {
          writeAll(fd, bytes);
          if (options.sync !== false) await sync(fd);
        } finally {
          closeSync(fd);
        }
        renameSync(scratch, place);
      } catch (error) {
        rmSync(scratch, { force: true });
        throw error;
      }
      if (options.sync !== false) await syncDirectory(dirname(place));
    });
  }

  appendFile(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    return wrap(path, options, async () => {
      const place = this.place(path);
      let fresh = false;
      let fd: number;
      const flags = constants.O_WRONLY | constants.O_APPEND;
      try {
        fd = openSync(place, flags);
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error;
        fd = openSync(place, flags | constants.O_CREAT, options.mode ?? 0o600);
        fresh = true;
      }
      try {
        writeAll(fd, bytes);
        if (options.sync !== false) await sync(fd);
      } finally {
        closeSync(fd);
      }
      if (fresh && options.sync !== false) await syncDirectory(dirname(place));
    });
  }

  async removeFile(path: string, options: MachineOptions = {}): Promise<boolean> {
    try {
      await wrap(path, options, async () => unlinkSync(this.place(path)));
      return true;
    } catch (error) {
      if (error instanceof MachineError && error.code === "ENOENT") return false;
      throw error;
    }
  }

  renameFile(path: string, to: string, options: MachineOptions = {}): Promise<void> {
    return wrap(path, options, async () => renameSync(this.place(path), this.place(to)));
  }

  async listDirectory(path: string, options: MachineOptions = {}): Promise<readonly string[]> {
    try {
      return (await wrap(path, options, async () => readdirSync(this.place(path)))).sort();
    } catch (error) {
      if (error instanceof MachineError && error.code === "ENOENT") return [];
      throw error;
    }
  }

  async makeDirectory(path: string, options: WriteOptions = {}): Promise<void> {
    await wrap(path, options, async () => {
      makeDirectories(this.place(path), options.mode ?? 0o700);
    });
  }

  async openAppend(path: string, root: string | undefined, options: MachineOptions = {}): Promise<AppendFile> {
    return wrap(path, options, async () => {
      const beneath = root !== undefined ? componentsBelow(root, path) : undefined;
      if (beneath !== undefined) await this.#refuseLinks(path, beneath);
      // What the jail can put there must not hold us up either: a pipe that nobody reads is refused.
      const careful = beneath === undefined ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | careful;
      const file = await open(this.place(path), flags, 0o666);
      try {
        // A directory may have become a link between the look and the open: then what is open is not what the path,
        // walked without links, names now.
        if (beneath !== undefined) {
          await this.#refuseLinks(path, beneath);
          const held = await file.stat({ bigint: true });
          if (!held.isFile()) throw new MachineError("EFTYPE", "open", path, `"${path}" is not a regular file`);
          const named = await lstat(this.place(path), { bigint: true });
          if (held.ino !== named.ino || held.dev !== named.dev) throw new MachineError("ELOOP", "open", path);
        }
      } catch (error) {
        await file.close();
        throw error;
      }
      return {
        fd: file.fd,
        append: (bytes) => wrap(path, {}, async () => void (await file.writeFile(bytes))),
        close: () => file.close(),
      };
    });
  }

  async #refuseLinks(path: string, beneath: readonly string[]): Promise<void> {
    for (const component of beneath) {
      const info = await this.stat(component);
      if (info === undefined && component !== path) throw new MachineError("ENOENT", "lstat", component);
      if (info?.type === "symlink") {
        throw new MachineError("ELOOP", "open", component, `"${component}" is a symbolic link`);
      }
      if (component === path && info !== undefined && info.type !== "file") {
        throw new MachineError("EFTYPE", "open", component, `"${component}" is not a regular file`);
      }
    }
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

const sync = promisify(fsync);

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * The paths from the first component below `root` down to `path` itself; undefined where `path` is not below `root`.
 * Neither is resolved: the question is what is written there.
 *
 * @throws MachineError EINVAL where a component below `root` is `..`
 */
export function componentsBelow(root: string, path: string): readonly string[] | undefined {
  const trusted = root.replace(/\/+$/, "");
  if (!path.startsWith(`${trusted}/`)) return undefined;
  const paths: string[] = [];
  let current = trusted;
  for (const name of path.slice(trusted.length).split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") throw new MachineError("EINVAL", "open", path, `"${path}" leaves "${root}" by ".."`);
    current = `${current}/${name}`;
    paths.push(current);
  }
  return paths;
}

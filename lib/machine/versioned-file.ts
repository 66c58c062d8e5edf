import { closeSync, constants, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockDescriptor } from "../native.js";
import { makeDirectories } from "./directories.js";

/** A value and the number of the version that it is. Version 0 is "nothing yet". */
export interface Version {
  readonly number: number;
  readonly text: string;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/**
 * A small text that several processes change, in a directory of its own.
 *
 * A writer says which version it has read; of two who read the same one is told that it came too late. Writers hold a
 * flock(2), which the kernel takes back from a process that is killed; a new version takes its name by rename(2), so a
 * reader needs no lock and never sees half of one.
 */
export class VersionedFile {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The newest version. */
  read(): Version {
    try {
      const content = readFileSync(join(this.#directory, "value"), "utf8");
      const end = content.indexOf("\n");
      return { number: Number(content.slice(0, end)), text: content.slice(end + 1) };
    } catch (error) {
      if (codeOf(error) === "ENOENT") return { number: 0, text: "" };
      throw error;
    }
  }

  /** The number of the newest version, 0 where there is none. */
  newest(): number {
    return this.read().number;
  }

  /** Writes the version after `expected`; false, and nothing is changed, where `expected` is not the newest any more. */
  replace(expected: number, text: string): boolean {
    const lock = this.#open();
    try {
      lockDescriptor(lock);
      if (this.newest() !== expected) return false;
      const next = join(this.#directory, "next");
      writeFileSync(next, `${expected + 1}\n${text}`, { mode: 0o600 });
      renameSync(next, join(this.#directory, "value"));
      return true;
    } finally {
      closeSync(lock);
    }
  }

  #open(): number {
    const path = join(this.#directory, "lock");
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    try {
      return openSync(path, flags, 0o600);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      makeDirectories(this.#directory, 0o700);
      return openSync(path, flags, 0o600);
    }
  }
}

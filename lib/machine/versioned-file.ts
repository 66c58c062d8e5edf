import { linkSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A value and the number of the version that it is. Version 0 is "nothing yet". */
export interface Version {
  readonly number: number;
  readonly text: string;
}

/** How many of the last versions stay. */
const KEPT = 8;
const NUMBERED = /^v([1-9][0-9]*)$/;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/**
 * A small text that several processes change, in a directory of its own with one file for each version.
 *
 * `link(2)` gives a version its name only where nobody had it before, so of two writers who read the same version one
 * is told that it came too late. No lock is held, so none is left by a process that is killed; half a version never
 * has a name. Node has neither flock(2) nor fcntl(2) locks, which is why it is done this way.
 */
export class VersionedFile {
  readonly #directory: string;
  #counter = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #numbers(): number[] {
    try {
      return readdirSync(this.#directory)
        .map((name) => Number(NUMBERED.exec(name)?.[1] ?? 0))
        .filter((number) => number > 0)
        .sort((a, b) => a - b);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  /** The number of the newest version, 0 where there is none. */
  newest(): number {
    return this.#numbers().at(-1) ?? 0;
  }

  /** The newest version. */
  read(): Version {
    for (;;) {
      const number = this.newest();
      if (number === 0) return { number, text: "" };
      try {
        return { number, text: readFileSync(join(this.#directory, `v${number}`), "utf8") };
      } catch (error) {
        // Replaced and taken away between the two looks.
        if (codeOf(error) !== "ENOENT") throw error;
      }
    }
  }

  /** Writes the version after `expected`; false, and nothing is changed, where `expected` is not the newest any more. */
  replace(expected: number, text: string): boolean {
    const next = expected + 1;
    const name = join(this.#directory, `v${next}`);
    const scratch = join(this.#directory, `t${process.pid}-${process.hrtime.bigint()}-${this.#counter++}`);
    this.#write(scratch, text);
    try {
      linkSync(scratch, name);
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      unlinkSync(scratch);
    }
    // The last versions are kept, so that a number in use is not free again for a writer that slept while others went
    // on. One that slept longer is known by the version before its own, which is gone.
    const numbers = this.#numbers();
    const held = expected > 0 ? numbers.includes(expected) : numbers.at(-1) === next || numbers.includes(next + 1);
    if (!held) {
      this.#remove(next);
      return false;
    }
    for (const old of numbers) if (old <= next - KEPT) this.#remove(old);
    return true;
  }

  #write(path: string, text: string): void {
    try {
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    }
  }

  #remove(number: number): void {
    try {
      unlinkSync(join(this.#directory, `v${number}`));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}

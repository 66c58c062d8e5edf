import { createHash } from "node:crypto";
import {
  type LockOptions,
  type Machine,
  MachineError,
  type MachineLock,
  type MachineOptions,
} from "../../machine/machine.js";
import { Ledger } from "./ledger.js";
import type { RunSummary } from "./summary.js";

const LEDGER = ".ledger";
const SUMMARY = ".last";
/** A file's name has at most 255 bytes; what is added to it needs room. */
const LONGEST_NAME = 180;

/** A jail's name, or any key, as a file's name: what is not plain is percent-encoded, what is too long is cut. */
export function fileName(name: string): string {
  // A lone surrogate has no encoding; it becomes the replacement character.
  const plain = encodeURIComponent(Buffer.from(name).toString("utf8"))
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
    .replace(/^\./, "%2e");
  if (plain.length < LONGEST_NAME) return plain;
  return `${plain.slice(0, LONGEST_NAME - 33)}%${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

/** The folder of books: a ledger for each jail, locks, last runs, and who uses what several jails share. */
export class Books {
  readonly directory: string;
  readonly #machine: Machine;

  constructor(machine: Machine, directory: string) {
    this.#machine = machine;
    this.directory = directory;
  }

  /** Takes the lock of a jail's name. */
  async lock(jail: string, purpose: string, options?: LockOptions): Promise<MachineLock> {
    return this.#machine.lock(`${this.directory}/locks/${fileName(jail)}`, purpose, options);
  }

  /** Takes the lock of something that several jails share. */
  async lockShared(key: string, purpose: string, options?: LockOptions): Promise<MachineLock> {
    return this.#machine.lock(`${this.directory}/locks/%shared-${fileName(key)}`, purpose, options);
  }

  ledgerPath(jail: string): string {
    return `${this.directory}/${fileName(jail)}${LEDGER}`;
  }

  /** A jail's ledger, empty where it has none. @throws LedgerVersionError */
  async open(jail: string, options: MachineOptions = {}): Promise<Ledger> {
    await this.#machine.makeDirectory(this.directory, options);
    const path = this.ledgerPath(jail);
    return new Ledger(this.#machine, jail, path, await this.#text(path, options));
  }

  /** Names of the jails that have a ledger. */
  async jails(options: MachineOptions = {}): Promise<readonly string[]> {
    const names: string[] = [];
    for (const file of await this.#machine.listDirectory(this.directory, options)) {
      if (!file.endsWith(LEDGER)) continue;
      const own = file.slice(0, -LEDGER.length);
      // A name that was cut stands in its records in full.
      if (own.length < LONGEST_NAME) names.push(decodeURIComponent(own));
      else names.push((await this.#nameInside(file, options)) ?? own);
    }
    return names;
  }

  async #nameInside(file: string, options: MachineOptions): Promise<string | undefined> {
    const path = `${this.directory}/${file}`;
    return new Ledger(this.#machine, "", path, await this.#text(path, options)).state.run?.jail;
  }

  /** What is remembered of a jail's last run. */
  async lastRun(jail: string, options: MachineOptions = {}): Promise<RunSummary | undefined> {
    const text = await this.#text(`${this.directory}/${fileName(jail)}${SUMMARY}`, options);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as RunSummary;
    } catch {
      return undefined;
    }
  }

  /** Remembers a run. Where that cannot be written, nothing but the memory is lost. */
  async remember(summary: RunSummary): Promise<void> {
    const path = `${this.directory}/${fileName(summary.jail)}${SUMMARY}`;
    await this.#machine
      .writeFile(path, Buffer.from(`${JSON.stringify(summary)}\n`), { sync: false })
      .catch((error: unknown) => {
        if (!(error instanceof MachineError)) throw error;
      });
  }

  async #text(path: string, options: MachineOptions): Promise<string | undefined> {
    try {
      return Buffer.from(await this.#machine.readFile(path, options)).toString("utf8");
    } catch (error) {
      if (error instanceof MachineError && error.code === "ENOENT") return undefined;
      throw error;
    }
  }
}

import { createHash } from "node:crypto";
import {
  type LockHolder,
  type LockOptions,
  type Machine,
  MachineError,
  type MachineLock,
  type MachineOptions,
} from "../../machine/machine.js";
import { ASIDE } from "../logs/log.js";
import { Ledger } from "./ledger.js";
import { parseRecord } from "./record.js";
import { type RunSummary, readSummary } from "./summary.js";

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

/** The name that a file is called after; undefined where it is not one of ours. */
function nameOf(file: string): string | undefined {
  try {
    const name = decodeURIComponent(file);
    return fileName(name) === file ? name : undefined;
  } catch {
    return undefined;
  }
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

  /**
   * Takes the lock of something that several jails share. There are a few hundred for all such things, so none may be
   * taken while another is held.
   */
  async lockShared(key: string, purpose: string, options?: LockOptions): Promise<MachineLock> {
    const bucket = createHash("sha256").update(key).digest("hex").slice(0, 2);
    return this.#machine.lock(`${this.directory}/locks/%shared-${bucket}`, purpose, options);
  }

  ledgerPath(jail: string): string {
    return `${this.directory}/${fileName(jail)}${LEDGER}`;
  }

  /** Who holds the lock of a jail's name now. */
  holder(jail: string, options?: MachineOptions): Promise<LockHolder | undefined> {
    return this.#machine.lockHolder(`${this.directory}/locks/${fileName(jail)}`, options);
  }

  /** A jail's ledger, empty where it has none. Nothing is made. @throws LedgerVersionError */
  async open(jail: string, options: MachineOptions = {}): Promise<Ledger> {
    const path = this.ledgerPath(jail);
    return new Ledger(this.#machine, jail, path, await this.#text(path, options));
  }

  /** Where what a jail's commands write is kept. */
  logPath(jail: string): string {
    return `${this.directory}/logs/${fileName(jail)}`;
  }

  /** Names of the jails that have a ledger. */
  async jails(options: MachineOptions = {}): Promise<readonly string[]> {
    const names: string[] = [];
    for (const file of await this.#machine.listDirectory(this.directory, options)) {
      if (!file.endsWith(LEDGER)) continue;
      const own = file.slice(0, -LEDGER.length);
      const name = own.length < LONGEST_NAME ? nameOf(own) : await this.#nameInside(file, options);
      if (name !== undefined) names.push(name);
    }
    return names;
  }

  /** A name that was cut stands in its records in full. */
  async #nameInside(file: string, options: MachineOptions): Promise<string | undefined> {
    for (const line of (await this.#text(`${this.directory}/${file}`, options))?.split("\n") ?? []) {
      const record = parseRecord(line);
      if (record?.type === "run") return record.jail;
    }
    return undefined;
  }

  /** What is remembered of a jail's last run. */
  async lastRun(jail: string, options: MachineOptions = {}): Promise<RunSummary | undefined> {
    const text = await this.#text(`${this.directory}/${fileName(jail)}${SUMMARY}`, options);
    if (text === undefined) return undefined;
    return readSummary(text);
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

  /** Forgets last runs, and what was written in them, of jails that have no ledger and did nothing since then. */
  async forget(since: number, options: MachineOptions = {}): Promise<void> {
    for (const file of await this.#machine.listDirectory(this.directory, options)) {
      if (!file.endsWith(SUMMARY)) continue;
      const summary = readSummary((await this.#text(`${this.directory}/${file}`, options)) ?? "");
      if (summary === undefined || summary.at >= since) continue;
      if ((await this.#machine.stat(this.ledgerPath(summary.jail), options)) !== undefined) continue;
      const log = this.logPath(summary.jail);
      for (const path of [`${this.directory}/${file}`, log, `${log}${ASIDE}`]) await this.#machine.removeFile(path);
    }
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

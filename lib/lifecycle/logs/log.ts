import { dirname } from "node:path";
import { type Machine, MachineError } from "../../machine/machine.js";
import type { Direction } from "../steps/kind.js";
import type { StepName } from "../steps/table.js";

/** A record of a jail's log, a line of JSON in its file. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly step: StepName;
  readonly direction: Direction;
  /** Where `text` was written to; `"note"`: why the step failed. */
  readonly stream?: "stdout" | "stderr" | "note";
  readonly text?: string;
  /** The step writes to `exec.consolelog` from this byte on, or has written up to it. */
  readonly console?: { readonly path: string; readonly from?: number; readonly to?: number };
}

/** A log of more bytes is put aside, and the one before it forgotten. */
export const MOST_BYTES = 1024 * 1024;
/** What is put aside is called so. */
export const ASIDE = ".1";

/** What a log's line says; undefined where it was cut. */
export function parseLogRecord(line: string): LogRecord | undefined {
  try {
    const record = JSON.parse(line) as Partial<LogRecord> | null;
    return typeof record?.at === "number" && typeof record.step === "string" ? (record as LogRecord) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What the commands of a jail wrote, by step: a file that is bounded and rotated here. To be written with the jail's
 * lock held. A log that cannot be written is no reason to fail.
 */
export class JailLog {
  readonly #machine: Machine;
  readonly #path: string;
  #size: number | undefined;
  #broken = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(machine: Machine, path: string) {
    this.#machine = machine;
    this.#path = path;
  }

  /** Resolves when the record is written, in the order of the calls. */
  write(record: Omit<LogRecord, "at">): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify({ at: this.#machine.now(), ...record })}\n`);
    this.#writing = this.#writing.then(() => this.#append(bytes));
    return this.#writing;
  }

  /** Resolves when everything is written. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#broken) return;
    try {
      if (this.#size === undefined) {
        await this.#machine.makeDirectory(dirname(this.#path));
        this.#size = (await this.#machine.stat(this.#path))?.size ?? 0;
      }
      if (this.#size > 0 && this.#size + bytes.length > MOST_BYTES) {
        await this.#machine.renameFile(this.#path, `${this.#path}${ASIDE}`);
        this.#size = 0;
      }
      await this.#machine.appendFile(this.#path, bytes, { sync: false });
      this.#size += bytes.length;
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      this.#broken = true;
    }
  }
}

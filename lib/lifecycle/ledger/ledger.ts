import { dirname } from "node:path";
import { type Machine, MachineError, type MachineOptions } from "../../machine/machine.js";
import {
  type DefinitionRecord,
  formatRecord,
  LEDGER_VERSION,
  type LedgerRecord,
  type Purpose,
  parseRecord,
  type RunRecord,
} from "./record.js";
import { type Thing, thingName } from "./thing.js";

/** A thing of the ledger that is not known to be gone. */
export interface LedgerEntry {
  readonly number: number;
  readonly thing: Thing;
  /** `false`: it was about to be made, and may or may not be there. */
  readonly made: boolean;
  /** What the machine calls it: a jid, an fsid. */
  readonly id: string | undefined;
  /** When it was made, in milliseconds since 1970. */
  readonly at: number | undefined;
}

/** What a ledger says. */
export interface LedgerState {
  /** The last run's record; undefined in a ledger that was cut before its first record's end. */
  readonly run: RunRecord | undefined;
  /** How the last run ended; undefined: it did not. */
  readonly outcome: "done" | "failed" | undefined;
  readonly definition: DefinitionRecord | undefined;
  /** In the order in which they were made. */
  readonly entries: readonly LedgerEntry[];
  /** Lines that were cut or changed, and are not counted. */
  readonly damaged: number;
  /** All lines that there are. */
  readonly lines: number;
}

/** A ledger was written by a version of this program that this one cannot read. */
export class LedgerVersionError extends Error {
  override readonly name = "LedgerVersionError";
  readonly code = "EFTYPE";
  readonly path: string;

  constructor(path: string, version: number) {
    super(
      `ledger "${path}" is of version ${version}, and this program reads version ${LEDGER_VERSION}; ` +
        "take the jail down with the program that started it, or remove the file once nothing of the jail is left",
    );
    this.path = path;
  }
}

/** A ledger's text as what it says. */
export function readLedger(text: string, path = ""): LedgerState {
  let run: RunRecord | undefined;
  let outcome: "done" | "failed" | undefined;
  let definition: DefinitionRecord | undefined;
  let damaged = 0;
  let lines = 0;
  const entries = new Map<number, LedgerEntry>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    lines++;
    const record = parseRecord(line);
    if (record === undefined) {
      damaged++;
      continue;
    }
    if (record.type === "run") {
      if (record.version !== LEDGER_VERSION) throw new LedgerVersionError(path, record.version);
      run = record;
      outcome = undefined;
    } else if (record.type === "definition") definition = record;
    else if (record.type === "end") outcome = record.outcome;
    else if (record.type === "gone") entries.delete(record.number);
    else if (record.type === "intend") {
      entries.set(record.number, {
        number: record.number,
        thing: record.thing,
        made: false,
        id: undefined,
        at: undefined,
      });
    } else if (record.type === "made") {
      const entry = entries.get(record.number);
      if (entry !== undefined) entries.set(record.number, { ...entry, made: true, id: record.id, at: record.at });
    }
  }
  return { run, outcome, definition, entries: [...entries.values()], damaged, lines };
}

/** A ledger of more lines is written anew when a run begins. */
const LONGEST = 500;

/**
 * One jail's ledger while a run writes it: each thing is written down before it is made.
 *
 * A record is one appended line with a checksum, so that a kill at any byte leaves the lines before it whole. Nothing is
 * forced to the disk: what the ledger speaks of (aliases, mounts, jails) does not survive a loss of power either.
 */
export class Ledger {
  readonly jail: string;
  readonly path: string;
  readonly #machine: Machine;
  #state: LedgerState;
  #next: number;
  /** The file may end in half a line. */
  #torn: boolean;
  #exists: boolean;
  #lines: number;
  /** Milliseconds that were spent on writing. */
  spentMs = 0;

  constructor(machine: Machine, jail: string, path: string, text: string | undefined) {
    this.#machine = machine;
    this.jail = jail;
    this.path = path;
    this.#state = readLedger(text ?? "", path);
    this.#exists = text !== undefined;
    this.#lines = this.#state.lines;
    this.#torn = text !== undefined && text !== "" && !text.endsWith("\n");
    this.#next = Math.max(0, ...this.#state.entries.map((entry) => entry.number)) + 1;
  }

  get state(): LedgerState {
    return this.#state;
  }

  get exists(): boolean {
    return this.#exists;
  }

  /** An entry by its thing. */
  find(thing: Thing): LedgerEntry | undefined {
    const name = thingName(thing);
    return this.#state.entries.find((entry) => thingName(entry.thing) === name);
  }

  async begin(purpose: Purpose, options: MachineOptions = {}): Promise<void> {
    const owner = await this.#machine.self(options);
    const run = (this.#state.run?.run ?? 0) + 1;
    const at = this.#machine.now();
    const record: RunRecord = { type: "run", version: LEDGER_VERSION, jail: this.jail, run, purpose, owner, at };
    await this.#machine.makeDirectory(dirname(this.path), options);
    if (this.#lines > LONGEST && this.#state.damaged === 0) await this.#shorten(record);
    else await this.#append(record);
    this.#state = { ...this.#state, run: record, outcome: undefined };
  }

  /** Says the same in fewer lines: a jail that is changed every minute for a year has a ledger too. */
  async #shorten(run: RunRecord): Promise<void> {
    const { definition, entries } = this.#state;
    const records: LedgerRecord[] = [run, ...(definition === undefined ? [] : [definition])];
    for (const { number, thing, made, id, at } of entries) {
      records.push({ type: "intend", number, thing });
      if (made) records.push(madeRecord(number, id, at));
    }
    const text = records.map(formatRecord).join("");
    await this.#timed(() => this.#machine.writeFile(this.path, Buffer.from(text), { sync: false }));
    this.#lines = records.length;
  }

  async define(parameters: Readonly<Record<string, unknown>>, digest: string): Promise<void> {
    const record: DefinitionRecord = { type: "definition", parameters, digest };
    await this.#append(record);
    this.#state = { ...this.#state, definition: record };
  }

  /** Writes down that a thing will be made. To be awaited before it is. */
  async intend(thing: Thing): Promise<LedgerEntry> {
    const entry: LedgerEntry = { number: this.#next++, thing, made: false, id: undefined, at: undefined };
    await this.#append({ type: "intend", number: entry.number, thing });
    this.#state = { ...this.#state, entries: [...this.#state.entries, entry] };
    return entry;
  }

  async made(entry: LedgerEntry, id?: string): Promise<void> {
    const at = this.#machine.now();
    await this.#append(madeRecord(entry.number, id, at));
    const entries = this.#state.entries.map((other) =>
      other.number === entry.number ? { ...other, made: true, id, at } : other,
    );
    this.#state = { ...this.#state, entries };
  }

  /** Writes down that a thing is not there any more. A full disk does not stop it: the machine shows the same. */
  async gone(entry: LedgerEntry): Promise<void> {
    const entries = this.#state.entries.filter((other) => other.number !== entry.number);
    this.#state = { ...this.#state, entries };
    await this.#append({ type: "gone", number: entry.number }).catch(ignoreMachine);
  }

  /** Ends a run that must be known to have ended well. @throws MachineError where that cannot be written */
  async settle(): Promise<void> {
    await this.#append({ type: "end", run: this.#state.run?.run ?? 0, outcome: "done" });
    this.#state = { ...this.#state, outcome: "done" };
  }

  /** Ends the run. A ledger in which nothing is left is removed. */
  async end(outcome: "done" | "failed"): Promise<void> {
    if (this.#state.entries.length === 0) {
      await this.#timed(() => this.#machine.removeFile(this.path));
      this.#exists = false;
      return;
    }
    if (this.#state.outcome === outcome) return;
    await this.#append({ type: "end", run: this.#state.run?.run ?? 0, outcome }).catch(ignoreMachine);
    this.#state = { ...this.#state, outcome };
  }

  async #append(record: LedgerRecord): Promise<void> {
    const text = `${this.#torn ? "\n" : ""}${formatRecord(record)}`;
    // Until it is known that the whole line is there.
    this.#torn = true;
    try {
      await this.#timed(() => this.#machine.appendFile(this.path, Buffer.from(text), { sync: false }));
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      const message = `ledger "${this.path}" cannot be written (${error.code}); nothing is made that is not written down`;
      throw new MachineError(error.code, error.syscall, this.path, message);
    }
    this.#torn = false;
    this.#exists = true;
    this.#lines++;
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const begun = this.#machine.clock();
    try {
      return await work();
    } finally {
      this.spentMs += this.#machine.clock() - begun;
    }
  }
}

function madeRecord(number: number, id: string | undefined, at: number | undefined): LedgerRecord {
  return { type: "made", number, ...(id === undefined ? {} : { id }), ...(at === undefined ? {} : { at }) };
}

function ignoreMachine(error: unknown): void {
  if (!(error instanceof MachineError)) throw error;
}

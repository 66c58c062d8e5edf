import { type Machine, MachineError } from "../../machine/machine.js";
import type { Direction } from "../steps/kind.js";
import type { StepName } from "../steps/table.js";
import { ASIDE, type LogRecord, parseLogRecord } from "./log.js";

/** A line that a command of a jail wrote. */
export interface LogLine {
  readonly jail: string;
  /** When, in milliseconds since 1970; undefined for what stood in the console log before. */
  readonly at: number | undefined;
  /** The step that wrote it; `"console"`: something in the jail that is none, to `exec.consolelog`. */
  readonly step: StepName | "console";
  /** Which run of the step; undefined for the console. */
  readonly direction: Direction | undefined;
  /** `"note"`: why the step failed. */
  readonly stream: "stdout" | "stderr" | "console" | "note";
  /** Without the end of the line. */
  readonly text: string;
}

/** How a log is read. */
export interface LogOptions {
  /** Ends the reading; what reads then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Lines from this time on, in milliseconds since 1970. Default: all that is kept. */
  readonly since?: number | undefined;
  /** Goes on with what comes, until the signal aborts. Default `false`. */
  readonly follow?: boolean | undefined;
}

/** How much of a console log is read at once, and of what stood there before at most. */
const CONSOLE_BYTES = 4 * 1024 * 1024;
const LOOK_MS = 200;

/** What a line is labelled with. */
type Label = Pick<LogLine, "step" | "direction" | "stream">;
const CONSOLE: Label = { step: "console", direction: undefined, stream: "console" };

/** Pieces of text as whole lines, each stream by itself. */
class Lines {
  readonly #rest = new Map<string, string>();

  /** The lines that a piece completes. */
  add(key: string, text: string): string[] {
    const lines = `${this.#rest.get(key) ?? ""}${text}`.split("\n");
    this.#rest.set(key, lines.pop() ?? "");
    return lines;
  }

  /** What a stream ended with, without a newline. */
  end(key: string): string[] {
    const rest = this.#rest.get(key) ?? "";
    this.#rest.delete(key);
    return rest === "" ? [] : [rest];
  }
}

/** Reads a jail's log and its console log as one, and follows both. */
export class LogReader {
  readonly #machine: Machine;
  readonly #path: string;
  readonly #jail: string;
  readonly #lines = new Lines();
  /** The records' file: which one it is, and how far it was read. */
  #file = "";
  #read = 0;
  #rest = "";
  #console: string | undefined;
  #consoleAt: number | undefined;
  #label: Label = CONSOLE;
  #last: { readonly key: string; readonly label: Label; readonly at: number } | undefined;

  constructor(machine: Machine, path: string, jail: string, consoleLog: string | undefined) {
    this.#machine = machine;
    this.#path = path;
    this.#jail = jail;
    this.#console = consoleLog;
  }

  async *read({ signal, since, follow = false }: LogOptions = {}): AsyncGenerator<LogLine> {
    const wanted = (line: LogLine) => since === undefined || (line.at !== undefined && line.at >= since);
    const aside = await this.#bytes(`${this.#path}${ASIDE}`, 0, undefined);
    for await (const line of this.#records(aside)) if (wanted(line)) yield line;
    for (;;) {
      signal?.throwIfAborted();
      for await (const line of this.#records(await this.#more())) if (wanted(line)) yield line;
      const tail = this.#consoleAt === undefined ? undefined : this.#machine.now();
      const size = await this.#size();
      for (const line of await this.#untilByte(size, tail)) if (wanted(line) || since === undefined) yield line;
      if (!follow) break;
      await this.#machine.sleep(LOOK_MS, { signal });
    }
    for (const line of this.#end()) if (wanted(line)) yield line;
  }

  /** What was added to the records' file; where it was put aside meanwhile, the rest of that first. */
  async #more(): Promise<string> {
    const info = await this.#machine.stat(this.#path);
    const name = info === undefined ? "" : `${info.dev}:${info.ino}`;
    let text = "";
    if (this.#file !== "" && name !== this.#file) {
      text = await this.#bytes(`${this.#path}${ASIDE}`, this.#read, undefined);
      this.#read = 0;
    }
    this.#file = name;
    if (info === undefined || info.size <= this.#read) return text;
    const fresh = await this.#bytes(this.#path, this.#read, info.size - this.#read);
    this.#read += Buffer.byteLength(fresh);
    return text + fresh;
  }

  async *#records(text: string): AsyncGenerator<LogLine> {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const record = parseLogRecord(line);
      if (record === undefined) continue;
      for (const each of await this.#record(record)) yield each;
    }
  }

  async #record(record: LogRecord): Promise<LogLine[]> {
    const { at, step, direction, stream = "stdout", text, console: mark } = record;
    if (mark !== undefined) return this.#mark(record, mark);
    if (text === undefined) return [];
    const label: Label = { step, direction, stream };
    if (stream === "note") return [...this.#end(), ...this.#labelled(text.split("\n"), label, at)];
    const key = `${step} ${direction} ${stream}`;
    const before = this.#last !== undefined && this.#last.key !== key ? this.#end() : [];
    this.#last = { key, label, at };
    return [...before, ...this.#labelled(this.#lines.add(key, text), label, at)];
  }

  async #mark({ at, step, direction }: LogRecord, mark: NonNullable<LogRecord["console"]>): Promise<LogLine[]> {
    if (mark.path !== this.#console) {
      this.#console = mark.path;
      this.#consoleAt = undefined;
    }
    const { from, to } = mark;
    const lines = this.#end();
    if (from !== undefined) {
      lines.push(...(await this.#untilByte(from, this.#consoleAt === undefined ? undefined : at)));
      this.#label = { step, direction, stream: "console" };
    } else if (to !== undefined) {
      lines.push(...(await this.#untilByte(to, at)));
      this.#label = CONSOLE;
    }
    return lines;
  }

  /** Lines of the console log from where it was read to last up to a byte. */
  async #untilByte(to: number, at: number | undefined): Promise<LogLine[]> {
    const path = this.#console;
    if (path === undefined) return [];
    // Shorter than it was: somebody rotated it, and what is there now is new.
    const from =
      this.#consoleAt === undefined || to < this.#consoleAt ? Math.max(0, to - CONSOLE_BYTES) : this.#consoleAt;
    this.#consoleAt = to;
    if (to <= from) return [];
    const text = await this.#bytes(path, from, Math.min(to - from, CONSOLE_BYTES));
    const key = "console";
    const lines = this.#lines.add(key, text);
    // A step's last line is its own, with a newline or without.
    if (this.#label !== CONSOLE) lines.push(...this.#lines.end(key));
    return this.#labelled(lines, this.#label, at);
  }

  #end(): LogLine[] {
    const lines: LogLine[] = [];
    if (this.#last !== undefined) {
      const { key, label, at } = this.#last;
      lines.push(...this.#labelled(this.#lines.end(key), label, at));
      this.#last = undefined;
    }
    return lines;
  }

  #labelled(lines: readonly string[], label: Label, at: number | undefined): LogLine[] {
    return lines.map((text) => ({ jail: this.#jail, at, ...label, text: text.replace(/\r$/, "") }));
  }

  async #size(): Promise<number> {
    if (this.#console === undefined) return 0;
    return (await this.#machine.stat(this.#console, { follow: true }))?.size ?? 0;
  }

  async #bytes(path: string, from: number, most: number | undefined): Promise<string> {
    try {
      const bytes = await this.#machine.readFile(path, { from, ...(most === undefined ? {} : { most }) });
      return Buffer.from(bytes).toString("utf8");
    } catch (error) {
      if (error instanceof MachineError && error.code === "ENOENT") return "";
      throw error;
    }
  }
}

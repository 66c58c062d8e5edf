/**
 * Commands over a console. Each runs between two markers that only its output can hold: the echo of what is typed shows
 * them in two halves. The exit status stands in the second, and in a variable of the shell: where a message of the kernel
 * tore the marker, it is asked for again.
 */
import { randomBytes } from "node:crypto";
import { VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import type { Console } from "./console.js";
import { panicIn, standstillIn } from "./signs.js";

/** The longest line that is typed: terminals in canonical mode lose what is longer than their queue. */
export const LONGEST_LINE = 240;

/**
 * A shell that reads lines and runs them: it has no prompt, no line editor and no echo, nothing open that a login left to
 * it, and outlives an interrupt. Typed into whatever shell the user has, csh too.
 */
export const READER =
  "exec /bin/sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; trap : 2; stty -echo; n=0; " +
  'while [ $n -lt 9 ]; do if IFS= read -r l; then n=0; eval "$l"; else n=$((n+1)); fi; done\'';

/** What the shell prints when it is asked: a line that types it, and the pattern of its output. */
function saying(
  word: string,
  value: string,
): { readonly line: string; readonly head: string; readonly pattern: RegExp } {
  const token = `bj${randomBytes(5).toString("hex")}`;
  const line = `printf '\\n%s%s %s.\\n' ${token} ${word} "${value}"`;
  return { line, head: `\n${token}${word} `, pattern: new RegExp(`\\n${token}${word} (\\d*)\\.\\n`) };
}

/** How a command is run. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until the command is interrupted; undefined: never. */
  readonly limitMs?: number | undefined;
  /** What it prints, as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** The command came to its limit, and the machine lives on. */
export class CommandOverrun extends VmError {}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A root shell on a console. */
export class ConsoleShell {
  readonly console: Console;
  readonly #waits: Waits;

  private constructor(console: Console, waits: Waits) {
    this.console = console;
    this.#waits = waits;
  }

  /**
   * Takes over the shell that waits on the console.
   *
   * @throws VmError where nothing answers there
   */
  static async take(console: Console, waits: Waits, signal: AbortSignal): Promise<ConsoleShell> {
    const shell = new ConsoleShell(console, waits);
    // What is typed while a login prepares the terminal may be thrown away, so it is typed again.
    for (let tries = 0; tries < 6; tries++) {
      console.send(`${tries === 0 ? "" : "\x03\r"}${READER}\r`);
      if (await shell.answers(signal)) return shell;
    }
    throw waits.overrun("shell", "no shell answers on the console", console.lastLines());
  }

  /** The reader that an earlier connection left there; undefined where none answers. */
  static async again(console: Console, waits: Waits, signal: AbortSignal): Promise<ConsoleShell | undefined> {
    const shell = new ConsoleShell(console, waits);
    return (await shell.answersSometime(signal)) ? shell : undefined;
  }

  /** Whether the shell answers a question within its limit. */
  async answers(signal: AbortSignal): Promise<boolean> {
    const { console } = this;
    const from = console.position;
    const question = saying("Y", "");
    console.send(`${question.line}\r`);
    const seen = await console.until(() => question.pattern.exec(`\n${console.since(from)}`) ?? undefined, {
      limitMs: this.#waits.ms("shell"),
      signal,
    });
    return "found" in seen;
  }

  /** A message of the kernel can tear an answer, so it is asked more than once. */
  async answersSometime(signal: AbortSignal): Promise<boolean> {
    for (let tries = 0; tries < 3 && !this.console.closed; tries++) if (await this.answers(signal)) return true;
    return false;
  }

  /**
   * Runs a line of sh(1), at most {@link LONGEST_LINE} characters. Its standard input is empty.
   *
   * @throws CommandOverrun where it came to its limit; VmError where the kernel died or the machine is gone
   */
  async run(line: string, options: RunOptions): Promise<number> {
    const { console } = this;
    const { signal, limitMs = Number.POSITIVE_INFINITY } = options;
    if (line.length > LONGEST_LINE || /[\r\n]/.test(line)) throw new RangeError(`not to be typed: ${line}`);
    if (!(await this.answersSometime(signal))) throw this.#gone("the shell on the console does not answer");
    const ending = saying("E", "$bj");
    const output = new CommandOutput(console, ending, options.onOutput);
    console.send(`{ ${line}; } </dev/null; bj=$?\r${ending.line}\r`);
    const deadline = performance.now() + limitMs;
    let patience = this.#waits.ms("shell");
    for (;;) {
      const seen = await console.until(() => output.look(), {
        limitMs: Math.min(deadline - performance.now(), LONGEST_TIMER_MS),
        silenceMs: patience,
        signal,
      });
      if ("found" in seen) return seen.found;
      const panic = standstillIn(output.recent());
      if (panic !== undefined || seen.ended === "closed")
        throw this.#gone("the machine ended while a command ran", output);
      if (seen.ended === "limit" && performance.now() >= deadline) {
        await this.#interrupt(signal);
        const what = `the command did not return within ${limitMs / 1000} s and was interrupted`;
        throw new CommandOverrun(what, "", console.lastLines());
      }
      // It may be quiet, or a message of the kernel tore the marker: what is typed now is read when the command has ended.
      console.send(`${ending.line}\r`);
      patience *= 2;
    }
  }

  #gone(what: string, output?: CommandOutput): VmError {
    const panic = panicIn(output?.recent() ?? this.console.lastLines(100).join("\n"));
    return new VmError(panic === undefined ? what : `the kernel panicked: ${panic}`, "", this.console.lastLines());
  }

  /** Interrupts what runs. @throws VmError where the machine hangs: the shell does not come back */
  async #interrupt(signal: AbortSignal): Promise<void> {
    for (const key of ["\x03", "\x03", "\x1c"]) {
      this.console.send(`${key}\r`);
      if (await this.answers(signal)) return;
    }
    const panic = panicIn(this.console.lastLines(100).join("\n"));
    const what =
      panic === undefined ? "the machine hangs: nothing answers on its console" : `the kernel panicked: ${panic}`;
    throw this.#waits.overrun("shell", what, this.console.lastLines());
  }
}

/** The output of one command, given on up to its marker. */
class CommandOutput {
  readonly #console: Console;
  readonly #ending: ReturnType<typeof saying>;
  readonly #onOutput: (text: string) => void;
  readonly #from: number;
  #given: number;

  constructor(console: Console, ending: ReturnType<typeof saying>, onOutput: ((text: string) => void) | undefined) {
    this.#console = console;
    this.#ending = ending;
    this.#onOutput = onOutput ?? (() => {});
    this.#from = console.position;
    this.#given = this.#from;
  }

  /** What was printed lately. */
  recent(): string {
    return this.#console.since(Math.max(this.#from, this.#console.position - 8000));
  }

  /** Gives on what is there; the exit status once the marker is. */
  look(): number | undefined {
    const text = this.#console.since(this.#given);
    const start = this.#console.position - text.length;
    // At the very start, the newline before the marker may be all that precedes it.
    const found = this.#ending.pattern.exec(text);
    const end = found?.index ?? text.length - heldBack(text, this.#ending.head);
    if (end > 0) this.#onOutput(text.slice(0, end));
    this.#given = start + Math.max(0, end);
    return found === null ? undefined : Number(found[1]);
  }
}

/** How many characters at the end of the text may be the beginning of a marker. */
function heldBack(text: string, head: string): number {
  const from = text.lastIndexOf("\n");
  if (from < 0) return 0;
  const tail = text.slice(from);
  return head.startsWith(tail) || tail.startsWith(head) ? tail.length : 0;
}

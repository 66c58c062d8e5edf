import { textColumns } from "../columns.js";
import { type Paint, printable } from "../output.js";
import { duration } from "./words.js";

/** How often what goes on is drawn again, in milliseconds. */
const DRAW_MS = 100;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const CLEAR = "\u001b[J";
const upLines = (count: number) => (count === 0 ? "\r" : `\r\u001b[${count}A`);

interface Row {
  text: string;
  readonly since: number;
}

/** Cuts a text with colours to so many columns of a terminal. */
export function cut(text: string, most: number): string {
  let shown = 0;
  let out = "";
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b[")) {
      out += part;
      continue;
    }
    for (const character of part) {
      const width = textColumns(character);
      if (shown + width > most) return `${out}\u001b[0m`;
      out += character;
      shown += width;
    }
  }
  return out;
}

/** The last lines of a terminal, one for each jail that is worked on, drawn again and again below what is printed. */
export class LiveRegion {
  readonly #stream: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
  readonly #paint: Paint;
  readonly #rows = new Map<string, Row>();
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;
  #frame = 0;

  constructor(stream: NodeJS.WritableStream, paint: Paint) {
    this.#stream = stream;
    this.#paint = paint;
    this.#timer = setInterval(() => {
      this.#frame++;
      this.#draw();
    }, DRAW_MS);
    this.#timer.unref();
  }

  /** What a jail does now. */
  show(jail: string, text: string): void {
    const row = this.#rows.get(jail);
    if (row === undefined) this.#rows.set(jail, { text, since: performance.now() });
    else row.text = text;
  }

  /** A jail is over. */
  done(jail: string): void {
    this.#rows.delete(jail);
  }

  /** Text above the region, for good. */
  print(text: string): void {
    this.#stream.write(`${upLines(this.#drawn)}${CLEAR}${text}`);
    this.#drawn = 0;
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#rows.clear();
    if (this.#drawn > 0) this.#stream.write(`${upLines(this.#drawn)}${CLEAR}`);
    this.#drawn = 0;
  }

  #draw(): void {
    const columns = this.#stream.columns || 80;
    const room = Math.max(1, (this.#stream.rows || 24) - 2);
    const all = [...this.#rows];
    const shown = all.length > room ? all.slice(0, room - 1) : all;
    const spinner = FRAMES[this.#frame % FRAMES.length] ?? "";
    const width = Math.max(0, ...shown.map(([jail]) => textColumns(printable(jail))));
    const lines = shown.map(([jail, { text, since }]) => {
      const name = printable(jail) + " ".repeat(width - textColumns(printable(jail)));
      const spent = this.#paint.dim(duration(performance.now() - since));
      return cut(`${this.#paint.yellow(spinner)} ${this.#paint.bold(name)}  ${spent}  ${text}`, columns - 1);
    });
    if (shown.length < all.length) lines.push(this.#paint.dim(`… and ${all.length - shown.length} more`));
    if (lines.length === 0 && this.#drawn === 0) return;
    this.#stream.write(`${upLines(this.#drawn)}${CLEAR}${lines.map((line) => `${line}\n`).join("")}`);
    this.#drawn = lines.length;
  }
}

import { textToBytes } from "../bytes-text.js";
import { textColumns } from "./columns.js";
import type { CliIo } from "./io.js";

/** Marks text for a terminal, or leaves it alone. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/**
 * Whether a stream gets colours: `NO_COLOR` (any text) says no, `FORCE_COLOR` (anything but `0` and `false`) says yes, else
 * what the terminal can do.
 */
export function hasColours(io: CliIo, stream: NodeJS.WritableStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTerminal(stream) && TERM !== "dumb" && TERM !== undefined;
}

/** Whether a person reads the stream. */
export function isTerminal(stream: NodeJS.WritableStream): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true;
}

/** Marks for a stream. */
export function paintFor(io: CliIo, stream: NodeJS.WritableStream): Paint {
  const colours = hasColours(io, stream);
  const mark = (open: number, close: number) => (text: string) =>
    colours ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: mark(1, 22), dim: mark(2, 22), red: mark(31, 39), green: mark(32, 39), yellow: mark(33, 39) };
}

/** What a terminal obeys instead of showing, and what turns or breaks the line around it; bytes that are no text. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;
/** Most texts are this, and take no longer look. */
const PLAIN = /^[ -~]*$/;

/**
 * A text on one line, in which nothing moves a terminal's cursor, changes its state or turns the direction of what is
 * read. Names, values and output of jails are their own doing: nothing of them reaches a person any other way.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNPRINTABLE, (character) => {
    const named = { "\n": "\\n", "\t": "\\t", "\r": "\\r" }[character];
    if (named !== undefined) return named;
    const code = character.codePointAt(0) ?? 0;
    // A stray byte (bytes-text.ts) is shown as the byte that it is.
    const byte = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code;
    return byte < 0x100 ? `\\x${byte.toString(16).padStart(2, "0")}` : `\\u${byte.toString(16).padStart(4, "0")}`;
  });
}

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

/** Lays rows out under titles, two blanks between the columns, the last one as long as it is. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = columns.map((column, at) =>
    Math.max(textColumns(column.title), ...cells.map((row) => textColumns(row[at] ?? ""))),
  );
  const line = (texts: readonly string[], dress: (text: string) => string): string =>
    texts
      .map((text, at) => {
        const room = " ".repeat(Math.max(0, (widths[at] ?? 0) - textColumns(text)));
        if (columns[at]?.right) return room + dress(text);
        return at === columns.length - 1 ? dress(text) : dress(text) + room;
      })
      .join("  ")
      .trimEnd();
  const head = line(
    columns.map((column) => column.title),
    (text) => paint.dim(text),
  );
  return `${[head, ...cells.map((row) => line(row, (text) => text))].join("\n")}\n`;
}

/** Writes a text as the bytes that it stands for: base's programs pass on whatever bytes they are given. */
export function writeText(stream: NodeJS.WritableStream, text: string): void {
  stream.write(textToBytes(text));
}

/** Writes one JSON value on a line of its own. A bigint becomes a number where that is exact, else text. */
export function writeJson(stream: NodeJS.WritableStream, value: unknown): void {
  stream.write(`${JSON.stringify(value, plain)}\n`);
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value.toString();
}

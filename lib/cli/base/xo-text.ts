/** How a value is laid out, as in a printf conversion `%-MIN.SIZEs`. */
export interface XoShape {
  /** Least number of columns; padded with blanks on the left. */
  readonly min?: number;
  /** Pad on the right instead. */
  readonly left?: boolean;
  /** Most bytes taken of the value and, where it is displayed, most columns. */
  readonly size?: number;
  /** Look at each character even where nothing is cut or padded. */
  readonly checked?: boolean;
}

/**
 * Where a value is seen: as text in a locale whose characters are those of UTF-8 or single bytes, in HTML, or by programs.
 */
export type XoSight = "text" | "bytes" | "html" | "encoded";

// Ranges of code points that libxo counts as two columns; it has a table of its own, older than today's Unicode.
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3040, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x2fffd],
  [0x30000, 0x3fffd],
];

/** Characters that are a byte and a column each, wherever they are seen: most values have no others. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that libxo counts for a code point. */
export function columnsOf(codePoint: number): number {
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return 0;
  if (codePoint < 0x300 || codePoint > 0x10ffff) return 1;
  if (codePoint >= 0x1160 && codePoint <= 0x11ff) return 0;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(String.fromCodePoint(codePoint))) return 0;
  return WIDE.some(([first, last]) => codePoint >= first && codePoint <= last) ? 2 : 1;
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

interface Character {
  /** The code point; undefined where libxo finds none, and gives the whole value up. */
  readonly code: number | undefined;
  readonly bytes: number;
  readonly text: string;
}

const stray = (character: string | undefined): number | undefined =>
  character !== undefined && /^[\udc80-\udcff]$/.test(character) ? character.charCodeAt(0) - 0xdc00 : undefined;

/** The characters of a text as libxo takes them: any lead byte with as many that follow it, however long for its code. */
function* charactersOf(value: string): Generator<Character> {
  const parts = [...value];
  for (let at = 0; at < parts.length; at++) {
    const text = parts[at] as string;
    const lead = stray(text);
    if (lead === undefined) {
      const code = text.codePointAt(0) ?? 0;
      yield { code, bytes: utf8Length(code), text };
      continue;
    }
    const length = lead >= 0xf8 || lead < 0xc0 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    let code: number | undefined = length === 1 ? undefined : lead & (0x7f >> length);
    for (let next = 1; next < length && code !== undefined; next++) {
      const byte = stray(parts[at + next]);
      code = byte === undefined || byte > 0xbf ? undefined : code * 64 + (byte & 0x3f);
    }
    yield { code, bytes: length, text: parts.slice(at, at + length).join("") };
    at += length - 1;
  }
}

/**
 * Lays a value out. One with bytes that are not UTF-8 is left out, padding and all, except where it is passed on whole.
 *
 * @param escape applied to each text that is kept
 * @param warn told why something is left out or shown as a question mark
 */
export function layOut(
  value: string,
  shape: XoShape,
  sight: XoSight,
  escape: (text: string) => string,
  warn: (message: string) => void = () => undefined,
): string {
  const { min = 0, size } = shape;
  const shaped = shape.min !== undefined || size !== undefined || shape.checked === true;
  if (!shaped && (sight === "encoded" || sight === "html")) return escape(value);
  if (PLAIN.test(value)) {
    const whole = size === undefined ? value : value.slice(0, size);
    return padded(escape(whole), min - whole.length, shape);
  }
  let kept = "";
  let columns = 0;
  let left = size ?? Number.POSITIVE_INFINITY;
  for (const { code, bytes, text } of charactersOf(value)) {
    if (left === 0 || bytes > left) break;
    left -= bytes;
    if (code === undefined) {
      warn(`invalid UTF-8 character: ${(stray(text[0]) ?? 0).toString(16)}${bytes > 1 ? `/${bytes}` : ""}`);
      return "";
    }
    const width = columnsOf(code);
    if (size !== undefined && sight !== "encoded" && columns + width > size) break;
    const shown = showOf(code, text, sight);
    if (shown === undefined) warn(`could not convert wide char: ${code.toString(16)}`);
    kept += shown ?? "?";
    columns += shown === undefined ? 1 : width;
  }
  return padded(escape(kept), min - columns, shape);
}

function padded(text: string, blanks: number, { left }: XoShape): string {
  if (blanks <= 0) return text;
  return left ? text + " ".repeat(blanks) : " ".repeat(blanks) + text;
}

/** A character as it is shown; undefined where the locale has none. */
function showOf(code: number, text: string, sight: XoSight): string | undefined {
  // A long form of NUL would end base's whole output.
  if (code === 0) return "";
  if (sight === "bytes") return code > 0xff ? undefined : String.fromCodePoint(code);
  const possible = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  if (possible) return String.fromCodePoint(code);
  return sight === "text" ? undefined : text;
}

/** Escapes text for XML and HTML, as libxo does outside of attributes. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : "&gt;"));
}

/** Escapes text for JSON as libxo does: other control characters pass. */
export function escapeJson(text: string): string {
  return text.replace(/[\\"\n\r]/g, (c) => (c === "\n" ? "\\n" : c === "\r" ? "\\r" : `\\${c}`));
}

/** Escapes text for the parameters of a syslog message (RFC 5424). */
export function escapeParameter(text: string): string {
  return text.replace(/[\\"\]]/g, (c) => `\\${c}`);
}

/** How a value is laid out, as in a printf conversion `%-MIN.SIZEs`. */
export interface XoShape {
  /** Least number of columns; padded with blanks on the left. */
  readonly min?: number;
  /** Pad on the right instead. */
  readonly left?: boolean;
  /** Most bytes taken of the value and, where it is displayed, most columns. */
  readonly size?: number;
}

// Ranges of code points that take two columns on a terminal.
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Columns that a code point takes on a terminal. */
export function columnsOf(codePoint: number): number {
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return 0;
  if (codePoint < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(String.fromCodePoint(codePoint))) return 0;
  return WIDE.some(([first, last]) => codePoint >= first && codePoint <= last) ? 2 : 1;
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Columns that a text takes on a terminal. */
export function textColumns(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character.codePointAt(0) ?? 0);
  return columns;
}

/**
 * Lays a value out.
 *
 * @param displayed whether columns count (text and HTML) or only bytes
 * @param escape applied to each character that is kept
 */
export function layOut(value: string, shape: XoShape, displayed: boolean, escape: (text: string) => string): string {
  let kept = value;
  if (shape.size !== undefined) {
    let bytes = shape.size;
    let columns = shape.size;
    kept = "";
    for (const character of value) {
      const codePoint = character.codePointAt(0) ?? 0;
      if (bytes === 0) break;
      bytes -= utf8Length(codePoint);
      columns -= columnsOf(codePoint);
      if (bytes < 0 || (displayed && columns < 0)) break;
      kept += character;
    }
  }
  const padding = " ".repeat(Math.max(0, (shape.min ?? 0) - textColumns(kept)));
  return shape.left ? escape(kept) + padding : padding + escape(kept);
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

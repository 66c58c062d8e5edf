import { latin1ToText, textToLatin1 } from "../bytes-text.js";

/** One file system of an fstab(5) line. */
export interface FstabEntry {
  /** What is mounted. */
  readonly source: string;
  /** Where: absolute. */
  readonly target: string;
  readonly type: string;
  /** mount(8)'s options, in order; empty where the line has none. */
  readonly options: readonly string[];
}

/** A line that cannot be used, and why. */
export interface FstabProblem {
  readonly line: number;
  readonly text: string;
  readonly problem: "missing information" | "fstab parse error";
}

/** What strunvis(3) makes of the character after a backslash; other printable ones stand for themselves. */
const LETTERS: Readonly<Record<string, string>> = {
  $: "",
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  s: " ",
  t: "\t",
  v: "\v",
};

/** Takes vis(3)'s escapes out of a field; undefined where one is not understood. */
export function unescapeField(text: string): string | undefined {
  // Octal escapes are bytes, of which several make one character.
  const bytes = textToLatin1(text);
  let failed = false;
  const plain = bytes.replace(
    // A sequence that the end cuts off is dropped.
    /\\(?:([0-7]{1,3})|M-([\s\S])|M\^([\s\S])|\^([\s\S])|x([0-9a-fA-F]{1,2})|(?:M[-^]?|\^|x)?$|([\s\S]))/g,
    (_, octal?: string, meta?: string, metaControl?: string, control?: string, hex?: string, letter?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (meta !== undefined) return String.fromCharCode(meta.charCodeAt(0) | 0x80);
      const controlled = metaControl ?? control;
      if (controlled !== undefined) {
        const code = controlled === "?" ? 0x7f : controlled.charCodeAt(0) & 0x1f;
        return String.fromCharCode(metaControl === undefined ? code : code | 0x80);
      }
      if (letter === undefined) return "";
      const known =
        LETTERS[letter] ?? (/^[!-~]$/.test(letter) && letter !== "M" && letter !== "x" ? letter : undefined);
      if (known === undefined) failed = true;
      return known ?? "";
    },
  );
  if (failed) return undefined;
  return latin1ToText(plain);
}

/** One line; undefined where there is nothing on it. As jail(8) reads it: what is after `#` does not count. */
export function parseFstabLine(text: string, line = 1): FstabEntry | FstabProblem | undefined {
  const fields = text
    .replace(/#.*$/s, "")
    .split(/[ \t\f\v\r\n]+/)
    .filter((field) => field !== "");
  if (fields.length === 0) return undefined;
  const [source, target] = fields.slice(0, 2).map(unescapeField);
  if (source === undefined || (fields.length > 1 && target === undefined)) {
    return { line, text, problem: "fstab parse error" };
  }
  const [, , type, options] = fields;
  if (target === undefined || type === undefined) return { line, text, problem: "missing information" };
  return { source, target, type, options: options?.split(",").filter((option) => option !== "") ?? [] };
}

/** A whole file, in order. */
export function parseFstab(text: string): { entries: FstabEntry[]; problems: FstabProblem[] } {
  const entries: FstabEntry[] = [];
  const problems: FstabProblem[] = [];
  text.split("\n").forEach((line, index) => {
    const parsed = parseFstabLine(line, index + 1);
    if (parsed === undefined) return;
    if ("problem" in parsed) problems.push(parsed);
    else entries.push(parsed);
  });
  return { entries, problems };
}

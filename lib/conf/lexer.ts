/**
 * The words of jail.conf(5), as base's scanner takes them: always the longest that fits. Texts are bytes, a character
 * each (latin1), as base sees them.
 */

/** `string` and `variable` begin a text, the others go on with it without a blank between. */
export type TokenKind =
  | "string"
  | "string+"
  | "variable"
  | "variable+"
  | "+="
  | ","
  | ";"
  | "="
  | "{"
  | "}"
  | "other"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  /** What it means: a text without quotes and escapes, or a variable's name. */
  readonly value: string;
  /** As it is written. */
  readonly raw: string;
  /** Where it begins, in bytes. */
  readonly start: number;
  /** The line that it ends on, from 1: what base's messages say. */
  readonly line: number;
}

/** Something that the scanner cannot make a word of. */
export interface Unterminated {
  readonly what: "comment" | "string" | "variable";
  readonly start: number;
  readonly line: number;
  readonly raw: string;
}

const ESCAPE = /\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|[\s\S])/y;
const VARIABLE = /\$[A-Za-z_][A-Za-z_0-9]*/y;
/** A variable in braces in whose name nothing means something else. */
const BRACED = /\$\{[^\\"\n{}]*\}/y;
const RESERVED = ",;={}";
const SINGLE = "$*+/\\";

const [OTHER, ATOM, BLANK] = [0, 1, 2];

/** For each byte: whether it stands for itself without quotes, is a blank, a tab or the end of a line, or neither. */
const KINDS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9_!%&()\-.:<>?@[\]^`|~]/.test(character)) return ATOM;
  return " \t\n\r".includes(character) ? BLANK : OTHER;
});

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const LETTERS: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Up to its first NUL: base's texts are C's. */
function untilNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

/** A text without its escapes. With `untilVariable` it ends before the first `$` that is not escaped. */
function unescaped(raw: string, untilVariable: boolean): { readonly value: string; readonly variableAt: number } {
  if (!raw.includes("\\")) {
    const variableAt = untilVariable ? raw.indexOf("$") : -1;
    return { value: untilNul(variableAt < 0 ? raw : raw.slice(0, variableAt)), variableAt };
  }
  let value = "";
  for (let at = 0; at < raw.length; at++) {
    const character = raw[at] as string;
    if (untilVariable && character === "$") return { value: untilNul(value), variableAt: at };
    if (character !== "\\") {
      value += character;
      continue;
    }
    const escape = match(ESCAPE, raw, at);
    if (escape === undefined) break;
    at += escape.length - 1;
    const code = escape.slice(1);
    if (/^[0-7]/.test(code)) value += String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    else if (code.startsWith("x")) value += String.fromCharCode(code === "x" ? 0 : Number.parseInt(code.slice(1), 16));
    else if (code !== "\n") value += LETTERS[code] ?? code;
  }
  return { value: untilNul(value), variableAt: -1 };
}

export class Lexer {
  readonly #text: string;
  readonly #onUnterminated: (problem: Unterminated) => void;
  #at = 0;
  #line = 1;
  /** The first newline that has not been taken. */
  #newline: number;
  #inQuotes = false;
  #inText = false;

  constructor(text: string, onUnterminated: (problem: Unterminated) => void) {
    this.#text = text;
    this.#onUnterminated = onUnterminated;
    this.#newline = this.#newlineFrom(0);
  }

  /** The next word; `end` again and again where there is none. */
  next(): Token {
    for (;;) {
      const start = this.#at;
      if (start >= this.#text.length) return { kind: "end", value: "", raw: "", start, line: this.#line };
      const token = this.#inQuotes ? this.#quoted(start) : this.#plain(start);
      if (token !== undefined) return token;
    }
  }

  #take(start: number, length: number): string {
    const end = start + length;
    this.#goTo(end);
    return this.#text.slice(start, end);
  }

  #goTo(end: number): void {
    this.#at = end;
    while (this.#newline < end) {
      this.#line++;
      this.#newline = this.#newlineFrom(this.#newline + 1);
    }
  }

  /** Where bytes of one kind end. */
  #endOf(kind: number, start: number): number {
    const text = this.#text;
    let end = start + 1;
    while (end < text.length && KINDS[text.charCodeAt(end)] === kind) end++;
    return end;
  }

  #newlineFrom(offset: number): number {
    const found = this.#text.indexOf("\n", offset);
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  }

  #piece(kind: "string" | "variable", start: number, raw: string, value: string): Token {
    const first = !this.#inText;
    this.#inText = true;
    const follows = kind === "string" ? "string+" : "variable+";
    return { kind: first ? kind : follows, value, raw, start, line: this.#line };
  }

  /** Blanks and comments end a text. */
  #skip(end: number): undefined {
    this.#goTo(end);
    this.#inText = false;
  }

  #unterminated(what: Unterminated["what"], start: number, length: number): undefined {
    const raw = this.#take(start, length);
    this.#onUnterminated({ what, start, line: this.#line, raw });
  }

  #plain(start: number): Token | undefined {
    const text = this.#text;
    const code = KINDS[text.charCodeAt(start)];
    if (code === ATOM) return this.#atom(start);
    if (code === BLANK) return this.#skip(this.#endOf(BLANK, start));
    const character = text[start] as string;
    if (RESERVED.includes(character)) return this.#reserved(character as TokenKind, start);
    if (character === "'" || character === '"') return this.#quotedText(start, character);
    if (character === "#" || text.startsWith("//", start)) {
      const end = text.indexOf("\n", start);
      return this.#skip(end < 0 ? text.length : end);
    }
    if (text.startsWith("/*", start)) {
      const end = text.indexOf("*/", start + 2);
      if (end >= 0) return this.#skip(end + 2);
      return this.#unterminated("comment", start, text.length - start);
    }
    if (text.startsWith("+=", start)) return this.#reserved("+=", start);
    const token = this.#bare(start);
    // A word that nothing closes was told, and is over.
    return token ?? (this.#at > start ? undefined : this.#other(start));
  }

  #atom(start: number): Token {
    const raw = this.#take(start, this.#endOf(ATOM, start) - start);
    return this.#piece("string", start, raw, raw);
  }

  #reserved(kind: TokenKind, start: number): Token {
    this.#skip(start + kind.length);
    return { kind, value: kind, raw: kind, start, line: this.#line };
  }

  #other(start: number): Token {
    const raw = this.#take(start, 1);
    // A NUL and what is above 127 are the end of the text to base's parser.
    const kind = raw === "\0" || raw > "\x7f" ? "end" : "other";
    return { kind, value: raw, raw, start, line: this.#line };
  }

  /** Words that are the same inside and outside of quotes. */
  #bare(start: number): Token | undefined {
    const text = this.#text;
    if (KINDS[text.charCodeAt(start)] === ATOM) return this.#atom(start);
    const escape = match(ESCAPE, text, start);
    if (escape !== undefined) {
      return this.#piece("string", start, this.#take(start, escape.length), unescaped(escape, false).value);
    }
    if (text.startsWith("${", start)) return this.#braced(start);
    const variable = match(VARIABLE, text, start);
    if (variable !== undefined)
      return this.#piece("variable", start, this.#take(start, variable.length), variable.slice(1));
    const character = text[start] as string;
    if (!SINGLE.includes(character)) return undefined;
    return this.#piece("string", start, this.#take(start, 1), character === "\\" ? "" : character);
  }

  /** `${name}`. A backslash is both itself and an escape: what makes the longest word wins, all in one pass. */
  #braced(start: number): Token | undefined {
    const simple = match(BRACED, this.#text, start);
    if (simple !== undefined) {
      return this.#piece("variable", start, this.#take(start, simple.length), untilNul(simple.slice(2, -1)));
    }
    const { closed } = this.#name(start + 2, true);
    const { end: open } = this.#name(start + 2, false);
    if (closed > 0 && closed >= open) {
      const raw = this.#take(start, closed - start);
      return this.#piece("variable", start, raw, unescaped(raw.slice(2, -1), false).value);
    }
    return this.#unterminated("variable", start, open - start);
  }

  /** How far a braced name can go from an offset, and after which of its closing braces it is longest; 0 for none. */
  #name(from: number, acrossLines: boolean): { readonly closed: number; readonly end: number } {
    const text = this.#text;
    const stops = this.#inQuotes ? '\n"{}' : "\n{}";
    let closed = 0;
    let end = from;
    // Whether the name can go on here, and after the next character.
    let [here, next] = [true, false];
    for (let at = from; here || next; at++) {
      const character = text[at];
      if (here) end = at;
      if (character === undefined) break;
      if (here && character === "}") closed = at + 1;
      const escaped = text[at + 1];
      const escapes = here && character === "\\" && escaped !== undefined && (acrossLines || escaped !== "\n");
      [here, next] = [next || (here && !stops.includes(character)), escapes];
    }
    return { closed, end };
  }

  /** The end of a text that a quote closes, after that quote; -1 where none does. */
  #closing(from: number, quote: string): number {
    const text = this.#text;
    for (let end = text.indexOf(quote, from); end >= 0; end = text.indexOf(quote, end + 1)) {
      let escape = end;
      while (escape > from && text[escape - 1] === "\\") escape--;
      if ((end - escape) % 2 === 0) return end + 1;
    }
    return -1;
  }

  #quotedText(start: number, quote: string): Token | undefined {
    const text = this.#text;
    const end = this.#closing(start + 1, quote);
    if (end < 0) {
      let at = start + 1;
      while (at < text.length && text[at] !== "\n" && text[at] !== quote) {
        if (text[at] !== "\\") at++;
        else if (at + 1 < text.length && text[at + 1] !== "\n") at += 2;
        else break;
      }
      return this.#unterminated("string", start, at - start);
    }
    if (quote === "'") {
      const raw = this.#take(start, end - start);
      return this.#piece("string", start, raw, unescaped(raw.slice(1, -1), false).value);
    }
    return this.#upToVariable(start, start + 1, end);
  }

  #upToVariable(start: number, from: number, end: number): Token {
    const { value, variableAt } = unescaped(this.#text.slice(from, end - 1), true);
    this.#inQuotes = variableAt >= 0;
    const raw = this.#take(start, (variableAt >= 0 ? from + variableAt : end) - start);
    return this.#piece("string", start, raw, value);
  }

  /** What follows a variable between double quotes. */
  #quoted(start: number): Token | undefined {
    const character = this.#text[start] as string;
    if (character === '"') {
      this.#take(start, 1);
      this.#inQuotes = false;
      return undefined;
    }
    if (character !== "$" && character !== "\\") {
      const end = this.#closing(start + 1, '"');
      if (end >= 0) return this.#upToVariable(start, start, end);
    }
    const token = this.#text.startsWith("${", start) ? this.#braced(start) : this.#bare(start);
    if (token === undefined && this.#at === start) this.#inQuotes = false;
    return token;
  }
}

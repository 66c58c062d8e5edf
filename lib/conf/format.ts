import { latin1ToText } from "../bytes-text.js";
import { readable } from "./edit.js";
import { Lexer } from "./lexer.js";

interface Comment {
  readonly raw: string;
  /** It begins on the line on which what is before it ends. */
  readonly beside: boolean;
  /** An empty line is before it. */
  readonly apart: boolean;
}

/** A text as it is written, or a mark, with the comments before it. */
interface Element {
  readonly kind: "text" | "=" | "+=" | "," | ";" | "{" | "}" | "end";
  readonly raw: string;
  readonly comments: readonly Comment[];
  readonly apart: boolean;
}

const COMMENT = /\/\*[\s\S]*?\*\/|(?:#|\/\/)[^\n]*/g;

const emptyLine = (blanks: string): boolean => blanks.split("\n").length > 2;

/** The comments in what stands between two words. */
function commentsIn(gap: string, isFirst: boolean): { readonly comments: Comment[]; readonly apart: boolean } {
  const comments: Comment[] = [];
  let from = 0;
  for (const found of gap.matchAll(COMMENT)) {
    const blanks = gap.slice(from, found.index);
    comments.push({
      raw: found[0].trimEnd(),
      beside: !blanks.includes("\n") && !(isFirst && from === 0),
      apart: emptyLine(blanks),
    });
    from = found.index + found[0].length;
  }
  return { comments, apart: emptyLine(gap.slice(from)) };
}

function elementsOf(bytes: string): Element[] {
  const lexer = new Lexer(bytes, () => {});
  const elements: Element[] = [];
  let end = 0;
  for (;;) {
    const token = lexer.next();
    const last = elements.at(-1);
    let gap = bytes.slice(end, token.start);
    if (gap.startsWith('"') && last !== undefined) {
      // The quote that closes a text with variables is no word of its own.
      elements[elements.length - 1] = { ...last, raw: `${last.raw}"` };
      gap = gap.slice(1);
    }
    end = token.start + token.raw.length;
    if (token.kind === "string+" || token.kind === "variable+") {
      const text = elements.at(-1) as Element;
      elements[elements.length - 1] = { ...text, raw: text.raw + token.raw };
      continue;
    }
    const kind = token.kind === "string" || token.kind === "variable" ? "text" : (token.kind as Element["kind"]);
    elements.push({ kind, raw: token.raw, ...commentsIn(gap, last === undefined) });
    if (token.kind === "end") return elements;
  }
}

class Printer {
  #out = "";
  #depth = 0;
  /** A statement has begun and is not at its end. */
  #inside = false;
  /** What comes next begins a line. */
  #line = true;
  /** The line before opens a block: no empty line after it. */
  #opened = true;

  #begin(depth: number, apart: boolean): void {
    if (!this.#line) return;
    if (this.#out !== "") this.#out += apart && !this.#opened ? "\n\n" : "\n";
    this.#out += "\t".repeat(depth);
    this.#line = false;
    this.#opened = false;
  }

  #comment({ raw, beside, apart }: Comment): void {
    const toTheEnd = !raw.startsWith("/*");
    if (this.#inside) {
      if (this.#line) this.#begin(this.#depth + 1, false);
      else this.#out += " ";
      this.#out += raw;
      this.#line = toTheEnd;
      return;
    }
    if (beside && this.#out !== "") this.#out += ` ${raw}`;
    else {
      this.#begin(this.#depth, apart);
      this.#out += raw;
    }
    this.#line = true;
  }

  #mark(kind: Element["kind"]): void {
    if (this.#line) {
      this.#begin(this.#depth + 1, false);
      this.#out += kind;
    } else this.#out += kind === "=" || kind === "+=" || kind === "{" ? ` ${kind}` : kind;
  }

  add({ kind, raw, comments, apart }: Element): void {
    for (const comment of comments) this.#comment(comment);
    if (kind === "end" || (kind === ";" && !this.#inside)) return;
    if (kind === "text") {
      if (this.#inside && !this.#line) this.#out += " ";
      else this.#begin(this.#inside ? this.#depth + 1 : this.#depth, apart);
      this.#out += raw;
      this.#inside = true;
      return;
    }
    if (kind === "}") {
      this.#depth--;
      this.#begin(this.#depth, false);
      this.#out += kind;
    } else this.#mark(kind);
    if (kind === "=" || kind === "+=" || kind === ",") return;
    this.#inside = false;
    this.#line = true;
    this.#opened = kind === "{";
    if (kind === "{") this.#depth++;
  }

  get text(): string {
    return this.#out === "" ? "" : `${this.#out}\n`;
  }
}

/**
 * A text of jail.conf(5) in one style: a parameter a line, blocks by tabs, at most one empty line. Comments stay, and what
 * is meant stays; texts and their quotes are left as they are. Formatting again changes nothing.
 *
 * @throws ConfEditError where the text has mistakes
 */
export function formatConf(text: string): string {
  const printer = new Printer();
  for (const element of elementsOf(readable(text))) printer.add(element);
  return latin1ToText(printer.text);
}

import { latin1ToText } from "../bytes-text.js";
import { Lexer, type Token } from "./lexer.js";
import type { ConfBlock, ConfParameter, ConfPiece, ConfPlace, ConfProblem } from "./model.js";

/** What a parse of several files works on together. */
export interface ParseContext {
  /** Blocks in the order in which they begin. */
  readonly blocks: ConfBlock[];
  readonly problems: ConfProblem[];
  /** The blocks that are open, the innermost last: an included file goes on in them. */
  readonly open: ConfBlock[];
  /** The block of what stands outside of blocks, in whichever file; the first of them makes it. */
  readonly outside: { block?: ConfBlock };
  /** Takes in the file that a `.include` names. */
  include(path: string, place: ConfPlace): void;
  /** Refuse what base's grammar refuses though jail.conf(5) documents it: `foo.* { }` without quotes. */
  readonly strict: boolean;
}

/** How base's parser gets over a mistake: messages come again only after so many words without one. */
const WORDS_TO_TRUST = 3;

type State = "block" | "name or block" | "after name" | "value" | "in value" | "after value" | "parameter";

/** A word that names a parameter or a block: what follows tells which. */
interface Word {
  value: string;
  readonly start: number;
  pieces: number;
}

interface Draft {
  readonly name: string;
  readonly isVariable: boolean;
  readonly start: number;
  operator: ConfParameter["operator"];
  values: ConfPiece[][];
}

/**
 * Reads one file's text, given as bytes in latin1.
 *
 * @returns false where base would give up: something was reported
 */
export function parseText(text: string, file: string, context: ParseContext): boolean {
  return new Parser(text, file, context).run();
}

class Parser {
  readonly #file: string;
  readonly #text: string;
  readonly #context: ParseContext;
  readonly #lexer: Lexer;
  #fine = true;
  #state: State = "block";
  /** Words to go until a mistake is reported again. */
  #distrust = 0;
  /** Names of parameters, each as it was first met: of what every jail says one text is kept. */
  readonly #names = new Map<string, string>();
  #word: Word | undefined;
  #draft: Draft | undefined;
  readonly #depth: number;
  #nextNewline: number;
  #line = 1;
  #lineStart = 0;
  /** The line that the scanner is in. */
  #scanned = 1;

  constructor(text: string, file: string, context: ParseContext) {
    this.#file = file;
    this.#text = text;
    this.#context = context;
    this.#depth = context.open.length;
    this.#nextNewline = this.#newlineAfter(0);
    this.#lexer = new Lexer(text, ({ what, start, line, raw }) => {
      const closing = { comment: "*/", string: raw[0], variable: "}" }[what];
      const shown = latin1ToText(raw.length > 30 ? `${raw.slice(0, 30)}…` : raw);
      this.#report(start, `${file} line ${line}: unterminated ${what}`, `${what} ${shown} has no closing ${closing}`);
    });
  }

  run(): boolean {
    for (;;) {
      const token = this.#lexer.next();
      const status = this.#feed(token);
      if (status === "again") continue;
      // What is open when a file ends is not open in the file that includes it.
      this.#context.open.length = Math.min(this.#context.open.length, this.#depth);
      return this.#fine;
    }
  }

  #feed(token: Token): "again" | "ends" {
    this.#scanned = token.line;
    for (;;) {
      const done = this.#step(token);
      if (done === "shift") {
        if (this.#distrust > 0) this.#distrust--;
        return "again";
      }
      if (done === "accept") return "ends";
      if (done === "look again") continue;
      if (this.#distrust === 0) this.#syntaxError(token);
      if (this.#distrust < WORDS_TO_TRUST) {
        // Everything up to the next `;` is one wrong parameter.
        this.#distrust = WORDS_TO_TRUST;
        this.#draft = undefined;
        this.#word = undefined;
        this.#state = "parameter";
        continue;
      }
      return token.kind === "end" ? "ends" : "again";
    }
  }

  #step(token: Token): "shift" | "look again" | "accept" | "error" {
    const { kind } = token;
    switch (this.#state) {
      case "block":
        return this.#inBlock(token);
      case "name or block": {
        const word = this.#word as Word;
        if (kind === "{") {
          this.#openBlock(word.value, word.start, token.start);
          return this.#go("block");
        }
        if (kind === "string+" && !this.#context.strict && /^[\w.*-]+$/.test(word.value + token.raw)) {
          word.value += token.value;
          word.pieces++;
          return "shift";
        }
        if (word.pieces > 1) return "error";
        if (kind !== ";" && kind !== "=" && kind !== "+=" && kind !== "string" && kind !== "variable") return "error";
        this.#begin(word.value, false, word.start);
        return "look again";
      }
      case "after name":
        if (kind === "=" || kind === "+=") {
          (this.#draft as Draft).operator = kind;
          return this.#go("value");
        }
        if (kind === "string" || kind === "variable") {
          (this.#draft as Draft).operator = "blank";
          return this.#value(token);
        }
        return this.#end(kind);
      case "value":
        return kind === "string" || kind === "variable" ? this.#value(token) : "error";
      case "in value":
        if (kind === "string+" || kind === "variable+") {
          this.#draft?.values.at(-1)?.push(kind === "string+" ? token.value : { variable: token.value });
          return "shift";
        }
        if (kind !== ";" && kind !== ",") return "error";
        this.#state = "after value";
        return "look again";
      case "after value":
        return kind === "," ? this.#go("value") : this.#end(kind);
      case "parameter":
        if (kind !== ";") return "error";
        this.#finish(token.start + 1);
        return this.#go("block");
    }
  }

  #go(state: State): "shift" {
    this.#state = state;
    return "shift";
  }

  #end(kind: Token["kind"]): "look again" | "error" {
    if (kind !== ";") return "error";
    this.#state = "parameter";
    return "look again";
  }

  #inBlock({ kind, value, start }: Token): "shift" | "accept" | "error" {
    const { open } = this.#context;
    if (kind === "string") {
      this.#word = { value, start, pieces: 1 };
      return this.#go("name or block");
    }
    if (kind === "variable") {
      this.#begin(value, true, start);
      return "shift";
    }
    if (kind === ";") return "shift";
    if (kind === "}" && open.length > this.#depth) {
      const block = open.pop() as ConfBlock;
      block.body = { start: block.body.start, end: start };
      block.span = { start: block.span.start, end: start + 1 };
      return "shift";
    }
    return kind === "end" && open.length === this.#depth ? "accept" : "error";
  }

  #value({ kind, value }: Token): "shift" {
    const draft = this.#draft as Draft;
    const first: ConfPiece[] = [kind === "string" ? value : { variable: value }];
    // Most have one value: an array that grows has room for many.
    if (draft.values.length === 0) draft.values = [first];
    else draft.values.push(first);
    return this.#go("in value");
  }

  #begin(name: string, isVariable: boolean, start: number): void {
    let kept = this.#names.get(name);
    if (kept === undefined) {
      kept = name;
      this.#names.set(name, name);
    }
    this.#draft = { name: kept, isVariable, start, operator: "none", values: [] };
    this.#word = undefined;
    this.#state = "after name";
  }

  #openBlock(name: string, start: number, brace: number): void {
    const { open, blocks } = this.#context;
    const around = open.at(-1);
    const block: ConfBlock = {
      name: around === undefined ? name : `${around.name}.${name}`,
      place: this.#place(start),
      parameters: [],
      isGlobal: false,
      span: { start, end: start },
      body: { start: brace + 1, end: brace + 1 },
    };
    this.#word = undefined;
    blocks.push(block);
    open.push(block);
  }

  #finish(end: number): void {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft === undefined) return;
    const { name, isVariable, operator, values, start } = draft;
    const place = this.#place(start);
    if (operator === "blank" && name === ".include" && !isVariable) {
      this.#include(values, place);
      return;
    }
    const { open, blocks } = this.#context;
    let block = open.at(-1) ?? this.#context.outside.block;
    if (block === undefined) {
      const none = { start: 0, end: 0 };
      block = { name: "*", place, parameters: [], isGlobal: true, span: none, body: none };
      this.#context.outside.block = block;
      blocks.push(block);
    }
    block.parameters.push({ name, isVariable, operator, values, place, span: { start, end } });
  }

  #include(values: readonly (readonly ConfPiece[])[], place: ConfPlace): void {
    for (const pieces of values) {
      if (pieces.every((piece) => typeof piece === "string")) {
        this.#context.include(pieces.join(""), place);
        continue;
      }
      const base = `${this.#file} line ${this.#scanned}: variables not permitted in '.include' filename`;
      this.#fine = false;
      this.#context.problems.push({ place, base, message: "a file to include is named without variables" });
    }
  }

  #syntaxError({ kind, raw, line, start }: Token): void {
    // A text of C ends at its first NUL.
    const [shown = ""] = raw.split("\0");
    const base =
      shown === ""
        ? `${this.#file}: unexpected EOF`
        : `${this.#file} line ${line}: ${latin1ToText(shown)}: syntax error`;
    this.#report(start, base, this.#meant(kind, latin1ToText(raw)));
  }

  #meant(kind: Token["kind"], raw: string): string {
    const { open } = this.#context;
    const unclosed = open.length > this.#depth ? open.at(-1) : undefined;
    const bytes = this.#draft?.name ?? this.#word?.value;
    const name = bytes === undefined ? undefined : latin1ToText(bytes);
    if (kind === "end") {
      if (name !== undefined) return `the text ends inside of ${name}: a ";" is missing`;
      return `the text ends inside of the block ${latin1ToText(unclosed?.name ?? "")}, begun in line ${unclosed?.place.line}: a "}" is missing`;
    }
    if (kind === "}" && this.#state === "block") return 'this "}" closes no block';
    if (kind === "}") return `"}" inside of ${name}: a ";" is missing before it`;
    if (this.#state === "value") return `${JSON.stringify(raw)} where a value of ${name} is expected`;
    if (kind === "{" && this.#state !== "block")
      return `"{" inside of ${name}: a ";" is missing before the block's name`;
    if (kind === "=" || kind === "+=")
      return `${JSON.stringify(raw)} after the value of ${name}: a ";" is missing before`;
    const names = this.#state === "name or block" ? "a name is one word; one with other characters takes quotes" : "";
    return `${JSON.stringify(raw)} is not expected here${names === "" ? "" : `: ${names}`}`;
  }

  #report(start: number, base: string, message: string): void {
    this.#fine = false;
    this.#context.problems.push({ place: this.#place(start), base, message });
  }

  #newlineAfter(offset: number): number {
    const found = this.#text.indexOf("\n", offset);
    return found < 0 ? this.#text.length : found;
  }

  /** Offsets mostly grow, so lines are counted on from the last one asked for. */
  #place(offset: number): ConfPlace {
    if (offset < this.#lineStart) [this.#nextNewline, this.#line, this.#lineStart] = [this.#newlineAfter(0), 1, 0];
    while (this.#nextNewline < offset) {
      this.#lineStart = this.#nextNewline + 1;
      this.#nextNewline = this.#newlineAfter(this.#lineStart);
      this.#line++;
    }
    return { file: this.#file, line: this.#line, column: offset - this.#lineStart + 1 };
  }
}

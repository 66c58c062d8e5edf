import type { ConfOrigin, ConfPiece, ConfPlace, ResolvedParameter } from "./model.js";
import type { Name } from "./name-table.js";

/** A value with variables in it; one without is a string. */
export interface Text {
  readonly pieces: ConfPiece[];
  /** What takes its place where it is a list. */
  list: readonly string[] | undefined;
}

/** A parameter or variable of a jail on its way. */
export interface Draft {
  name: Name;
  readonly isVariable: boolean;
  /** Shared with what gave them, as `origins`, unless `isOwn`. */
  values: (string | Text)[];
  origins: ConfOrigin[];
  isOwn: boolean;
  /** What it will be, where what gave it knows: its values have no variables. */
  resolved: ResolvedParameter | undefined;
  /** The pass of substitution that it is part of. */
  pass: number;
  bad: boolean;
}

/** Tells what is wrong: in base's words, in ours, and where. */
type Fail = (base: string, message: string, place: ConfPlace | undefined) => void;

function hasVariable(values: Draft["values"]): boolean {
  for (const value of values) {
    if (typeof value === "string") continue;
    for (const piece of value.pieces) if (typeof piece !== "string") return true;
  }
  return false;
}

/** A value's text once its variables are put in. */
function plain(value: string | Text): string {
  if (typeof value === "string") return value;
  const [first] = value.pieces;
  return value.pieces.length === 1 && typeof first === "string" ? first : value.pieces.join("");
}

/** Values once their variables are put in, lists in the places of those that stand for one. */
function filled(values: Draft["values"]): string[] {
  const [first] = values;
  const isOne = first !== undefined && values.length === 1;
  // An array that grows has room for many, and most parameters have one value.
  if (isOne && (typeof first === "string" || first.list === undefined)) return [plain(first)];
  const all: string[] = [];
  for (const value of values) {
    if (typeof value === "string" || value.list === undefined) all.push(plain(value));
    else for (const each of value.list) all.push(each);
  }
  return all;
}

/** Whether a text is a variable and nothing else; pieces that are empty do not count. */
const isAlone = ({ pieces }: Text): boolean => pieces.filter((piece) => piece !== "").length === 1;

/** Puts variables in, those that have variables themselves first, in base's order, which its messages show. */
export class Substitution {
  readonly #list: Draft[];
  readonly #fail: Fail;
  readonly #source: (name: string) => Draft | undefined;
  /** What the pass that goes on has to do with. */
  #touched: Draft[] = [];

  /** `source` finds what a variable means. The list changes its order where a parameter needs one that comes later. */
  constructor(list: Draft[], source: (name: string) => Draft | undefined, fail: Fail) {
    this.#list = list;
    this.#source = source;
    this.#fail = fail;
  }

  /** Afterwards every value is a string. */
  run(): void {
    const list = this.#list;
    for (let at = 0; at < list.length; at++) {
      const parameter = list[at] as Draft;
      const pass = at + 1;
      parameter.pass = pass;
      if (parameter.resolved !== undefined) continue;
      this.#touched = [parameter];
      let needed = this.#fill(parameter, pass);
      // What it needs comes before it, and it is looked at again after that.
      while (needed !== undefined) {
        list.splice(list.indexOf(needed, at), 1);
        list.splice(at, 0, needed);
        needed.pass = pass;
        this.#touched.push(needed);
        needed = this.#fill(needed, pass);
      }
    }
  }

  /** Puts a parameter's variables in; returns the first that has variables itself, where there is one. */
  #fill(parameter: Draft, pass: number): Draft | undefined {
    for (const value of parameter.values) {
      if (typeof value === "string") continue;
      const needed = this.#fillText(parameter, value, pass);
      if (needed !== undefined) return needed;
    }
    parameter.values = filled(parameter.values);
    return undefined;
  }

  #fillText(parameter: Draft, text: Text, pass: number): Draft | undefined {
    const { pieces } = text;
    for (let at = 0; at < pieces.length; at++) {
      const piece = pieces[at] as ConfPiece;
      if (typeof piece === "string") continue;
      const source = this.#source(piece.variable);
      if (source !== undefined && !source.bad && source.pass !== pass && hasVariable(source.values)) return source;
      const found = this.#found(parameter, piece.variable, source, text, pass);
      pieces[at] = found[0] ?? "";
      if (found.length > 1) text.list = found;
    }
    return undefined;
  }

  /** What a variable of a text stands for: its value, and those that follow where it is a list; nothing where it is wrong. */
  #found(parameter: Draft, name: string, source: Draft | undefined, text: Text, pass: number): readonly string[] {
    const { text: own } = parameter.name;
    if (source === undefined || source.values.length === 0) {
      const meant = `${own}: there is no variable or parameter "${name}" with a value`;
      return this.#wrong(parameter, `${own}: variable "${name}" not found`, meant);
    }
    if (source.bad) return this.#spoil();
    if (source.pass === pass) {
      return this.#wrong(parameter, `${name}: variable loop`, `${own}: $${name} needs itself`);
    }
    if (source.values.length > 1 && !isAlone(text)) {
      const meant = `${own}: $${name} is a list, which cannot stand inside of a longer text`;
      return this.#wrong(parameter, `${own}: array cannot be substituted inline`, meant);
    }
    // It has no variables any more.
    return source.values as string[];
  }

  #wrong({ origins }: Draft, base: string, message: string): readonly string[] {
    this.#fail(base, message, origins.at(-1)?.place);
    return this.#spoil();
  }

  /** All that this pass has touched is of no use. */
  #spoil(): readonly string[] {
    for (const each of this.#touched) each.bad = true;
    return [];
  }
}

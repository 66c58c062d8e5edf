import { latin1ToText, textToLatin1 } from "../bytes-text.js";
import type { ConfBlock, ConfParameter, ConfProblem } from "./model.js";
import { sameParameter } from "./names.js";
import { parseText } from "./parse.js";
import { type ConfValue, writeConf, writeParameter } from "./write.js";

/** A text that cannot be edited as asked. Nothing was changed. */
export class ConfEditError extends Error {
  override readonly name = "ConfEditError";
  /** What is wrong with the text, where that is why. */
  readonly problems: readonly ConfProblem[];

  constructor(message: string, problems: readonly ConfProblem[] = []) {
    super(message);
    this.problems = problems;
  }
}

/** A text as bytes, with its own blocks. Included files are not looked at: an edit is of one text. */
function blocksOf(text: string): { readonly bytes: string; readonly blocks: readonly ConfBlock[] } {
  const bytes = textToLatin1(text);
  const context = {
    blocks: [] as ConfBlock[],
    problems: [] as ConfProblem[],
    open: [],
    outside: {},
    include: () => {},
    strict: false,
  };
  if (!parseText(bytes, "text", context)) {
    const [first] = context.problems;
    const at = first?.place === undefined ? "" : `line ${first.place.line}, column ${first.place.column}: `;
    throw new ConfEditError(`the text cannot be read: ${at}${first?.message}`, context.problems);
  }
  return { bytes, blocks: context.blocks };
}

/** A text as bytes. @throws ConfEditError where it has mistakes */
export function readable(text: string): string {
  return blocksOf(text).bytes;
}

/** What a jail's block is called in a text: `*` is also what stands outside of blocks. */
function named(blocks: readonly ConfBlock[], jail: string): ConfBlock[] {
  const found = blocks.filter(({ name }) => name === textToLatin1(jail));
  if (found.length > 0 || jail === "*") return found;
  throw new ConfEditError(
    `the text has no jail "${jail}": it has ${blocks.map(({ name }) => latin1ToText(name)).join(", ") || "none"}`,
  );
}

function given(blocks: readonly ConfBlock[], parameter: string): ConfParameter[] {
  const [isVariable, name] = parameter.startsWith("$") ? [true, parameter.slice(1)] : [false, parameter];
  return blocks.flatMap(({ parameters }) =>
    parameters.filter((each) => each.isVariable === isVariable && sameParameter(each.name, textToLatin1(name))),
  );
}

/** The blanks that a line begins with, up to an offset in it; undefined where something else stands before. */
function indentBefore(bytes: string, offset: number): string | undefined {
  const line = bytes.slice(bytes.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*$/.test(line) ? line : undefined;
}

function written(parameter: string, value: ConfValue): string {
  if (!parameter.startsWith("$")) return textToLatin1(writeParameter(parameter, value));
  if (!/^\$[A-Za-z_][A-Za-z_0-9]*$/.test(parameter)) throw new ConfEditError(`no variable's name: ${parameter}`);
  if (typeof value === "boolean") throw new ConfEditError(`${parameter}: a variable has a text or a list`);
  return textToLatin1(`$${writeParameter(parameter.slice(1), value)}`);
}

/**
 * Gives a parameter (or a `$variable`) of a jail a value, in the jail's own block or, for `*`, outside of blocks.
 * Everything else stays byte for byte. The last of several settings is changed; one that is not there is added at the
 * block's end.
 *
 * @throws ConfEditError where the text has mistakes or no such jail; RangeError for a value that no text can have
 */
export function setParameter(text: string, jail: string, parameter: string, value: ConfValue): string {
  const { bytes, blocks } = blocksOf(text);
  const own = named(blocks, jail);
  const line = written(parameter, value);
  const last = given(own, parameter).at(-1);
  if (last !== undefined) {
    const { start, end } = last.span;
    return latin1ToText(
      bytes.slice(0, start) + (last.operator === "+=" ? line.replace(" = ", " += ") : line) + bytes.slice(end),
    );
  }
  const block = own.filter(({ isGlobal }) => !isGlobal).at(-1);
  if (block === undefined) {
    // Before all blocks, where it is the first thing that is given; what is given later counts.
    const after = own[0]?.parameters.at(-1)?.span.end;
    if (after === undefined) return latin1ToText(`${line}\n${bytes}`);
    return latin1ToText(`${bytes.slice(0, after)}\n${line}${bytes.slice(after)}`);
  }
  return latin1ToText(insertInto(bytes, block, line));
}

function insertInto(bytes: string, block: ConfBlock, line: string): string {
  const { end } = block.body;
  const last = block.parameters.at(-1);
  const closing = indentBefore(bytes, end);
  // A block on one line stays on it.
  if (closing === undefined) {
    const blank = /\s/.test(bytes[end - 1] ?? "") ? "" : " ";
    return `${bytes.slice(0, end)}${blank}${line} ${bytes.slice(end)}`;
  }
  const indent = (last === undefined ? undefined : indentBefore(bytes, last.span.start)) ?? `${closing}\t`;
  const lineStart = end - closing.length;
  return `${bytes.slice(0, lineStart)}${indent}${line}\n${bytes.slice(lineStart)}`;
}

/** The stretch to cut for something: its line too where nothing else is on it. */
function cut(bytes: string, start: number, end: number): string {
  const indent = indentBefore(bytes, start);
  const rest = /^[ \t]*(?:\r?\n|$)/.exec(bytes.slice(end, end + 200))?.[0];
  if (indent !== undefined && rest !== undefined)
    return bytes.slice(0, start - indent.length) + bytes.slice(end + rest.length);
  const blank = bytes[end] === " " ? 1 : 0;
  return bytes.slice(0, start) + bytes.slice(end + blank);
}

/**
 * Takes a parameter (or a `$variable`) out of a jail's own block, each time it is set there.
 *
 * @throws ConfEditError where the text has mistakes, no such jail, or the jail's block does not have the parameter
 */
export function unsetParameter(text: string, jail: string, parameter: string): string {
  const { bytes, blocks } = blocksOf(text);
  const found = given(named(blocks, jail), parameter);
  if (found.length === 0) throw new ConfEditError(`the block of ${jail} does not set ${parameter}`);
  const spans = found.map(({ span }) => span).sort((one, other) => other.start - one.start);
  return latin1ToText(spans.reduce((rest, { start, end }) => cut(rest, start, end), bytes));
}

/** Adds a jail at the end. @throws ConfEditError where the text has mistakes, or the jail already */
export function addJail(
  text: string,
  name: string,
  parameters: Readonly<Record<string, ConfValue | undefined>>,
): string {
  const { blocks } = blocksOf(text);
  if (blocks.some((block) => block.name === textToLatin1(name)))
    throw new ConfEditError(`the text has a jail "${name}" already`);
  const between = text === "" ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  return text + between + writeConf([{ name, parameters }]);
}

/** Takes a jail's blocks out, with the jails nested in them. @throws ConfEditError where there is none, or mistakes */
export function removeJail(text: string, jail: string): string {
  const { bytes, blocks } = blocksOf(text);
  const spans = named(blocks, jail)
    .filter(({ isGlobal }) => !isGlobal)
    .map(({ span }) => span)
    .sort((one, other) => other.start - one.start);
  if (spans.length === 0) throw new ConfEditError(`the text has no block "${jail}"`);
  return latin1ToText(spans.reduce((rest, { start, end }) => cut(rest, start, end), bytes));
}

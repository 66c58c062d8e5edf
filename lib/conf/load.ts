import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { latin1ToText, textToBytes } from "../bytes-text.js";
import { codeOf, strerror } from "../strerror.js";
import { expand, isPattern } from "./glob.js";
import type { ConfBlock, ConfParameter, ConfPiece, ConfPlace, ConfProblem, ResolvedJail } from "./model.js";
import { parseText } from "./parse.js";
import { resolveBlocks } from "./resolve.js";

/**
 * What base's scanner says where a file can be opened and not read, as a folder: with no program's name before it. The
 * program then ends with {@link SCANNER_STATUS}.
 */
export const SCANNER_FAILED = "input in flex scanner failed";
export const SCANNER_STATUS = 2;

/** How deep files may include one another, in base as here. */
const DEEPEST_INCLUDE = 32;

/** Bytes above 127, and escapes that stand for some. */
const WIDE = /[\x80-\xff]|\\(?:x[89a-fA-F]|[2-7][0-7])/;

/** How many files are included in all. Base has no such limit: files that include others twice keep it busy for ever. */
const MOST_INCLUDES = 100_000;

/** How a configuration is read. */
export interface ConfOptions {
  /** What relative paths are meant from. Default: the process's working directory. */
  readonly cwd?: string;
  /** Refuse what base's parser refuses although jail.conf(5) documents it: a block `foo.*` without quotes. Default `false`. */
  readonly strict?: boolean;
}

/** A configuration as it was read. */
export interface Conf {
  /** The blocks as they are written, nested ones and those of included files in their places. */
  readonly blocks: readonly ConfBlock[];
  /** The jails, with what they get from wildcards and from outside of blocks. Empty where a text cannot be read. */
  readonly jails: readonly ResolvedJail[];
  /** All that is wrong. */
  readonly problems: readonly ConfProblem[];
  /** How many of the problems base comes to before it gives up; undefined where it does not. */
  readonly baseStopsAfter: number | undefined;
}

/** A text and the name that messages call it by. */
export interface ConfText {
  readonly name: string;
  readonly text: string | Uint8Array;
}

class Loader {
  readonly blocks: ConfBlock[] = [];
  readonly problems: ConfProblem[] = [];
  readonly #open: ConfBlock[] = [];
  readonly #outside: { block?: ConfBlock } = {};
  readonly #options: ConfOptions;
  stopsAfter: number | undefined;
  #depth = 0;
  #includes = 0;
  /** A text has bytes above 127, or makes some. */
  #isWide = false;
  /** Files include one another without an end: nothing more is included. */
  #endless = false;
  /** What was included after base would have stopped: once is enough to tell what is wrong with it. */
  readonly #toldOf = new Set<string>();

  constructor(options: ConfOptions) {
    this.#options = options;
  }

  stop(): void {
    this.stopsAfter ??= this.problems.length;
  }

  file(name: string, place: ConfPlace | undefined): void {
    let bytes: Buffer;
    try {
      // Base opens no file by an empty name, which would be the folder itself.
      if (name === "") throw Object.assign(new Error("no name"), { code: "ENOENT" });
      bytes = readFileSync(textToBytes(this.#absolute(name)));
    } catch (thrown) {
      if (codeOf(thrown) === "EISDIR") {
        this.problems.push({ place, base: SCANNER_FAILED, message: `${name} cannot be read: ${strerror("EISDIR")}` });
        this.stop();
        return;
      }
      const text = strerror(codeOf(thrown));
      this.problems.push({ place, base: `${name}: ${text}`, message: `${name} cannot be read: ${text}` });
      this.stop();
      return;
    }
    this.text(bytes, name, true);
  }

  text(bytes: Buffer, name: string, isFile: boolean): void {
    const context = {
      blocks: this.blocks,
      problems: this.problems,
      open: this.#open,
      outside: this.#outside,
      strict: this.#options.strict === true,
      include: (path: string, place: ConfPlace) => this.#include(path, isFile ? name : undefined, place),
    };
    const text = bytes.toString("latin1");
    this.#isWide ||= WIDE.test(text);
    if (!parseText(text, name, context)) this.stop();
  }

  #absolute(name: string): string {
    return isAbsolute(name) ? name : `${this.#options.cwd ?? process.cwd()}/${name}`;
  }

  #include(written: string, from: string | undefined, place: ConfPlace): void {
    const bytes = latin1ToText(written);
    const folder = from === undefined || bytes.startsWith("/") ? "" : from.slice(0, from.lastIndexOf("/") + 1);
    const path = folder + bytes;
    if (this.#endless) return;
    if (this.#depth >= DEEPEST_INCLUDE) {
      return this.#end(place, path, `files include one another more than ${DEEPEST_INCLUDE} deep`);
    }
    if (this.stopsAfter !== undefined) {
      if (this.#toldOf.has(path)) return;
      this.#toldOf.add(path);
    }
    const cut = this.#absolute(path).length - path.length;
    const files = isPattern(path) ? expand(this.#absolute(path)).map((found) => found.slice(cut)) : [path];
    this.#depth++;
    for (const file of files) {
      if (++this.#includes > MOST_INCLUDES)
        return this.#end(place, path, `more than ${MOST_INCLUDES} files are included`);
      this.file(file, place);
    }
    this.#depth--;
  }

  #end(place: ConfPlace, path: string, why: string): void {
    this.#endless = true;
    const message = `${path} is not included: ${why}`;
    this.problems.push({ place, base: "maximum include depth exceeded", message });
    this.stop();
  }

  finish(): Conf {
    const broken = this.stopsAfter !== undefined;
    const jails = broken ? [] : resolveBlocks(this.blocks, this.problems);
    const rest = { problems: this.problems, baseStopsAfter: this.stopsAfter };
    if (!this.#isWide) return { blocks: this.blocks, jails, ...rest };
    return { blocks: this.blocks.map(decodedBlock), jails: jails.map(decoded), ...rest };
  }
}

function decodedBlock(block: ConfBlock): ConfBlock {
  return { ...block, name: latin1ToText(block.name), parameters: block.parameters.map(decodedParameter) };
}

function decodedParameter(parameter: ConfParameter): ConfParameter {
  const piece = (each: ConfPiece): ConfPiece =>
    typeof each === "string" ? latin1ToText(each) : { variable: latin1ToText(each.variable) };
  const values = parameter.values.map((pieces) => pieces.map(piece));
  return { ...parameter, name: latin1ToText(parameter.name), values };
}

/** Values are bytes up to here, a character each. */
function decoded(jail: ResolvedJail): ResolvedJail {
  const parameters = jail.parameters.map((each) => ({
    ...each,
    name: latin1ToText(each.name),
    values: each.values.map(latin1ToText),
    origins: each.origins.map((origin) => ({
      ...origin,
      block: latin1ToText(origin.block),
      written: origin.written.map(latin1ToText),
    })),
  }));
  return { ...jail, name: latin1ToText(jail.name), parameters };
}

/**
 * Reads a configuration file with all that it includes. jail.conf(5).
 *
 * Nothing is thrown for what is in the files or for one that cannot be read: that is in `problems`.
 */
export function loadConf(file: string, options: ConfOptions = {}): Conf {
  const loader = new Loader(options);
  loader.file(file, undefined);
  return loader.finish();
}

/** Reads a configuration that is given as text; relative includes are meant from the working directory. */
export function parseConf({ name, text }: ConfText, options: ConfOptions = {}): Conf {
  const loader = new Loader(options);
  loader.text(typeof text === "string" ? textToBytes(text) : Buffer.from(text), name, false);
  return loader.finish();
}

import { readFileSync } from "node:fs";
import { isAbsolute, resolve as resolvePath } from "node:path";
import { codeOf, strerror } from "../strerror.js";
import { expand, isPattern } from "./glob.js";
import type { ConfBlock, ConfPlace, ConfProblem } from "./model.js";
import { parseText } from "./parse.js";
import { type ResolvedJail, resolveBlocks } from "./resolve.js";

/** How deep files may include one another, in base as here. */
const DEEPEST_INCLUDE = 32;

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
  readonly #options: ConfOptions;
  stopsAfter: number | undefined;
  #depth = 0;

  constructor(options: ConfOptions) {
    this.#options = options;
  }

  stop(): void {
    this.stopsAfter ??= this.problems.length;
  }

  file(name: string, place: ConfPlace | undefined): void {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#absolute(name));
    } catch (thrown) {
      const text = strerror(codeOf(thrown));
      this.problems.push({ place, base: `${name}: ${text}`, message: `${name} cannot be read: ${text}` });
      this.stop();
      return;
    }
    this.text(bytes, name, true);
  }

  text(bytes: Buffer, name: string, isFile: boolean): void {
    const open = this.#open;
    const context = {
      blocks: this.blocks,
      problems: this.problems,
      open,
      strict: this.#options.strict === true,
      include: (path: string, place: ConfPlace) => this.#include(path, isFile ? name : undefined, place),
    };
    if (!parseText(bytes.toString("latin1"), name, context)) this.stop();
  }

  #absolute(name: string): string {
    return isAbsolute(name) ? name : resolvePath(this.#options.cwd ?? process.cwd(), name);
  }

  #include(written: string, from: string | undefined, place: ConfPlace): void {
    const bytes = Buffer.from(written, "latin1").toString();
    const folder = from === undefined || bytes.startsWith("/") ? "" : from.slice(0, from.lastIndexOf("/") + 1);
    const path = folder + bytes;
    if (this.#depth >= DEEPEST_INCLUDE) {
      const message = `${path} is not included: files include one another more than ${DEEPEST_INCLUDE} deep`;
      this.problems.push({ place, base: "maximum include depth exceeded", message });
      this.stop();
      return;
    }
    this.#depth++;
    if (isPattern(path)) {
      const cut = this.#absolute(path).length - path.length;
      for (const found of expand(this.#absolute(path))) this.file(isAbsolute(path) ? found : found.slice(cut), place);
    } else this.file(path, place);
    this.#depth--;
  }

  finish(): Conf {
    const broken = this.stopsAfter !== undefined;
    const jails = broken ? [] : resolveBlocks(this.blocks, this.problems).map(decoded);
    return { blocks: this.blocks, jails, problems: this.problems, baseStopsAfter: this.stopsAfter };
  }
}

/** Values are bytes up to here; what is not UTF-8 comes out with U+FFFD. */
function decoded(jail: ResolvedJail): ResolvedJail {
  const text = (bytes: string): string =>
    /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
  const parameters = jail.parameters.map((each) => ({ ...each, name: text(each.name), values: each.values.map(text) }));
  return { ...jail, name: text(jail.name), parameters };
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
  loader.text(typeof text === "string" ? Buffer.from(text) : Buffer.from(text), name, false);
  return loader.finish();
}

/** The output styles of libxo that a program can be asked for by name. */
export type XoStyle = "text" | "xml" | "json" | "html" | "sdparams";

/** How libxo was asked to write: what `--libxo` and `LIBXO_OPTIONS` said. */
export interface XoOptions {
  style: XoStyle;
  /** Blanks for each level of `pretty`. */
  indentBy: number;
  /** Long names of the flags that are set, `pretty`, `underscores`, `xpath`, … */
  readonly flags: Set<string>;
}

/** What became of the arguments. `status` is set where the program has to end at once with it. */
export interface XoArguments {
  readonly options: XoOptions;
  /** The arguments that are not libxo's. */
  readonly rest: readonly string[];
  /** Messages, without the program's name. */
  readonly warnings: readonly string[];
  readonly status?: number;
}

const STYLES: readonly XoStyle[] = ["text", "xml", "json", "html", "sdparams"];

/** In the order in which libxo looks for them: it takes the first that begins with what was given. */
const FLAGS: readonly string[] = [
  "color",
  "color-force",
  "columns",
  "dtrt",
  "flush",
  "flush-line",
  "ignore-close",
  "info",
  "keys",
  "log-gettext",
  "log-syslog",
  "no-humanize",
  "no-locale",
  "no-retain",
  "no-top",
  "not-first",
  "pretty",
  "retain",
  "underscores",
  "units",
  "warn",
  "warn-xml",
  "xpath",
];

const ENVIRONMENT_FLAGS: readonly string[] = [
  "color",
  "flush",
  "flush-line",
  "no-humanize",
  "no-locale",
  "no-retain",
  "pretty",
  "retain",
  "underscores",
  "warn",
];

const LETTERS: Readonly<Record<string, string>> = {
  c: "color",
  f: "flush",
  F: "flush-line",
  g: "log-gettext",
  I: "info",
  k: "keys",
  n: "no-humanize",
  P: "pretty",
  U: "units",
  u: "underscores",
  W: "warn",
  x: "xpath",
};

const STYLE_LETTERS: Readonly<Record<string, XoStyle>> = { H: "html", J: "json", T: "text", X: "xml" };

/** The status of a program that was asked by `--libxo-check` whether it knows libxo. */
const HAS_LIBXO = 121;

/** What atoi(3) makes of a text, kept in 16 bits. */
function indentOf(text: string): number {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number & 0xffff;
}

/** The flag that a word means: leading blanks do not count, and its beginning is enough. */
function flagOf(word: string, flags: readonly string[]): string | undefined {
  const start = word.replace(/^[ \t\n\v\f\r]+/, "");
  return start === "" ? undefined : flags.find((flag) => flag.startsWith(start));
}

function setLetters(options: XoOptions, letters: string): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters.charAt(at);
    const style = STYLE_LETTERS[letter];
    const flag = LETTERS[letter];
    if (style !== undefined) options.style = style;
    else if (flag !== undefined) options.flags.add(flag);
    else if (letter === "i") {
      const digits = /^[0-9]+/.exec(letters.slice(at + 1))?.[0] ?? "";
      if (digits !== "") {
        options.indentBy = indentOf(digits);
        at += digits.length;
      }
    }
  }
}

/** Takes one list of words as after `--libxo=`. Returns false where the program has to end. */
function setWords(options: XoOptions, list: string, warnings: string[]): boolean {
  let fine = true;
  let style: XoStyle | undefined;
  for (const word of list.split(",")) {
    if (word === "" && list.endsWith(",")) continue;
    const [name = "", value] = word.startsWith("@") ? ["encoder", word.slice(1)] : splitOnce(word);
    const named = STYLES.find((known) => known === name);
    const flag = flagOf(name, FLAGS);
    const missing = (what: string): void => {
      if (options.flags.has("warn")) warnings.push(`missing value for ${what} option`);
    };
    if (name === "colors") continue;
    if (named !== undefined) {
      if (style !== undefined) warnings.push(`ignoring multiple styles: '${name}'`);
      else style = named;
    } else if (flag !== undefined) options.flags.add(flag);
    else if (name === "no-color") options.flags.delete("color");
    else if (name === "indent") {
      if (value === undefined) missing(name);
      else options.indentBy = indentOf(value);
    } else if (name === "encoder") {
      // Encoders are shared objects of the base system; none can be loaded here.
      if (value === undefined || word === "@") missing(name);
      else {
        warnings.push(`error initializing encoder: ${value}`);
        fine = false;
      }
    } else {
      warnings.push(`unknown libxo option value: '${name}'`);
      fine = false;
    }
  }
  // libxo counts its styles from text = 0 and takes a style over only where that is greater than 0.
  if (style !== undefined && style !== "text") options.style = style;
  return fine;
}

/** Takes `LIBXO_OPTIONS`, up to the first word that it may not have. */
function setEnvironment(options: XoOptions, list: string, warnings: string[]): void {
  const words = list.replace(/,$/, "").split(",");
  for (const word of list === "" ? [] : words) {
    const [name] = splitOnce(word);
    if (name === "colors") continue;
    const flag = flagOf(name, ENVIRONMENT_FLAGS);
    if (flag !== undefined) options.flags.add(flag);
    else if (name === "no-color") options.flags.delete("color");
    else {
      if (options.flags.has("warn")) warnings.push(`unknown simple option: ${name}`);
      return;
    }
  }
}

function splitOnce(word: string): [string, string | undefined] {
  const equals = word.indexOf("=");
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

/**
 * Takes libxo's options out of the arguments, wherever they stand.
 *
 * @param argv arguments without the program's name
 * @param environment the value of `LIBXO_OPTIONS`
 */
export function takeXoOptions(argv: readonly string[], environment?: string): XoArguments {
  const options: XoOptions = { style: "text", indentBy: 2, flags: new Set() };
  const rest: string[] = [];
  const warnings: string[] = [];
  setEnvironment(options, environment ?? "", warnings);
  const end = (status: number): XoArguments => ({ options, rest, warnings, status });
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (!word.startsWith("--libxo")) {
      rest.push(word);
      continue;
    }
    const tail = word.slice("--libxo".length);
    if (tail === "-check") return end(HAS_LIBXO);
    if (tail !== "" && tail[0] !== ":" && tail[0] !== "=") {
      warnings.push(`unknown libxo option: '${word}'`);
      return end(1);
    }
    const list = tail === "" ? argv[++index] : tail[0] === "=" ? tail.slice(1) : tail;
    if (list === undefined) {
      warnings.push("missing libxo option");
      return end(1);
    }
    if (list.startsWith(":")) setLetters(options, list.slice(1));
    else if (list !== "" && !setWords(options, list, warnings)) return end(1);
  }
  return { options, rest, warnings };
}

import type { ConfPiece } from "./model.js";

/**
 * A value to write: text as it is meant, a number, a list, pieces with variables in them, or `true` and `false` for a
 * parameter that is set by its name alone.
 */
export type ConfValue =
  | string
  | number
  | bigint
  | boolean
  | readonly (string | number | bigint | readonly ConfPiece[])[];

/** What needs no quotes, whatever stands beside it. */
const BARE = /^[A-Za-z0-9_.:@%^!&()<>?|~-]+$|^(?:\/[A-Za-z0-9_.:@%-]+)+$/;

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
  $: "\\$",
};

function escaped(text: string): string {
  return text.replace(
    /["\\$\x01-\x1f\x7f]/g,
    (character) => ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** A text as jail.conf(5) has it, in quotes where it needs them. @throws RangeError for a NUL, which none can have */
export function writeText(value: string | number | bigint | readonly ConfPiece[]): string {
  const pieces = typeof value === "object" ? value : [String(value)];
  for (const piece of pieces) {
    const text = typeof piece === "string" ? piece : piece.variable;
    if (text.includes("\0")) throw new RangeError(`jail.conf has no NUL: ${JSON.stringify(text)}`);
    if (typeof piece !== "string" && !/^[^\n"{}\\]+$/.test(text)) throw new RangeError(`no variable's name: ${text}`);
  }
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === "string" && BARE.test(only)) return only;
  const inside = pieces.map((piece) => (typeof piece === "string" ? escaped(piece) : `\${${piece.variable}}`));
  return `"${inside.join("")}"`;
}

/** The name of a boolean that is not set: "no" before its last component. */
function negated(name: string): string {
  const dot = name.lastIndexOf(".") + 1;
  return `${name.slice(0, dot)}no${name.slice(dot)}`;
}

/** A parameter as jail.conf(5) has it, with its `;`. */
export function writeParameter(name: string, value: ConfValue): string {
  if (value === true) return `${writeText(name)};`;
  if (value === false) return `${writeText(negated(name))};`;
  const values = typeof value === "object" ? value : [value];
  if (values.length === 0) return `${writeText(name)};`;
  return `${writeText(name)} = ${values.map(writeText).join(", ")};`;
}

/** A jail to write. */
export interface ConfJail {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ConfValue | undefined>>;
}

/** Jails that are only objects, as a text of jail.conf(5). A parameter that is undefined is left out. */
export function writeConf(jails: readonly ConfJail[]): string {
  return jails
    .map(({ name, parameters }) => {
      const lines = Object.entries(parameters).flatMap(([parameter, value]) =>
        value === undefined ? [] : [`\t${writeParameter(parameter, value)}\n`],
      );
      return `${writeText(name)} {\n${lines.join("")}}\n`;
    })
    .join("\n");
}

/** The pieces of a text with variables in it: `$name`, `${name}`; a backslash takes the meaning from a `$`. */
export function piecesOf(text: string): ConfPiece[] {
  const pieces: ConfPiece[] = [];
  for (const [whole, escape, braced, bare] of text.matchAll(
    /\\([$\\])|\$\{([^\n"{}\\]+)\}|\$([A-Za-z_][A-Za-z_0-9]*)|[\s\S]/g,
  )) {
    const variable = braced ?? bare;
    const last = pieces.at(-1);
    if (variable !== undefined) pieces.push({ variable });
    else if (typeof last === "string") pieces[pieces.length - 1] = last + (escape ?? whole);
    else pieces.push(escape ?? whole);
  }
  return pieces.length === 0 ? [""] : pieces;
}

import { parseArgs } from "node:util";
import { usageFailure } from "./failure.js";
import { suggestion } from "./words.js";

/** An option of one of our commands. */
export interface OptionSpec {
  readonly type: "boolean" | "string";
  /** One letter. */
  readonly short?: string;
  /** May be given more than once; then the value is a list. */
  readonly multiple?: boolean;
}

/** The value that an option has after parsing. */
type OptionValue<S extends OptionSpec> = S["type"] extends "boolean"
  ? boolean
  : S["multiple"] extends true
    ? string[]
    : string | undefined;

/** What a command was given. */
export interface Arguments<T extends Record<string, OptionSpec>> {
  readonly options: { readonly [K in keyof T]: OptionValue<T[K]> };
  readonly operands: readonly string[];
}

/** Options that every one of our commands has. */
export const COMMON_OPTIONS = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies Record<string, OptionSpec>;

/** Whether the arguments ask for JSON, looked at before they are parsed so that a parse failure is JSON as well. */
export function asksForJson(
  argv: readonly string[],
  { command = false }: { readonly command?: boolean } = {},
): boolean {
  const own = command ? argv.slice(0, firstOperand(argv)) : argv;
  const end = own.indexOf("--");
  return (end < 0 ? own : own.slice(0, end)).includes("--json");
}

/** Where the first word is that is no option; an option's value may be taken for it, and then less is looked at. */
function firstOperand(argv: readonly string[]): number {
  const at = argv.findIndex((word) => !word.startsWith("-"));
  return at < 0 ? argv.length : at;
}

/**
 * Parses options anywhere among the operands; `--` ends them. With `command` so does the first operand: what follows is
 * another program's.
 *
 * @throws CliFailure (status 2) that names the option and the nearest known one
 */
export function parseArguments<const T extends Record<string, OptionSpec>>(
  argv: readonly string[],
  specs: T,
  { command = false }: { readonly command?: boolean } = {},
): Arguments<T> {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.type === "boolean") values[name] = false;
    else if (spec.multiple) values[name] = [];
  }
  const operands: string[] = [];
  const known = Object.keys(specs).map((name) => `--${name}`);
  const { tokens } = parseArgs({
    args: [...argv],
    options: specs,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens ?? []) {
    if (token.kind === "positional" && command) {
      operands.push(...argv.slice(token.index));
      break;
    }
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) {
      throw usageFailure(`unknown option "${token.rawName}"${suggestion(token.rawName, known)}`);
    }
    if (spec.type === "boolean") {
      if (token.value !== undefined) throw usageFailure(`option "${token.rawName}" takes no value`);
      values[token.name] = true;
    } else if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--"))) {
      throw usageFailure(`option "${token.rawName}" needs a value`);
    } else if (spec.multiple) (values[token.name] as string[]).push(token.value);
    else values[token.name] = token.value;
  }
  return { options: values as Arguments<T>["options"], operands };
}

import { PSEUDO_PARAMETERS } from "../params/pseudo.js";
import { type HookCommand, type HookValue, hookCommand } from "./hook.js";
import type { ExecHook, PseudoParameters } from "./parameters.js";

/** Something in a definition that cannot be used. */
export interface Problem {
  readonly jail: string;
  /** The parameter that it is about, or "". */
  readonly parameter: string;
  /** What is wrong, with the value, in one sentence. */
  readonly message: string;
  /** The errno of what was looked at, where there is one. */
  readonly code?: string;
  /** What would help, in one sentence. */
  readonly hint?: string;
}

/** A pseudo-parameter's name without the `no` of its last component, and whether it was there. */
export function pseudoName(name: string): { name: keyof PseudoParameters; negated: boolean } | undefined {
  if (Object.hasOwn(PSEUDO_PARAMETERS, name)) return { name: name as keyof PseudoParameters, negated: false };
  const plain = name.replace(/(^|\.)no([^.]*)$/, "$1$2");
  if (plain === name || !Object.hasOwn(PSEUDO_PARAMETERS, plain)) return undefined;
  const known = plain as keyof PseudoParameters;
  return PSEUDO_PARAMETERS[known] === "boolean" ? { name: known, negated: true } : undefined;
}

/** A value as a list of its items; `undefined`, `null` and `true` are no items. */
function items(value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === true) return [];
  return Array.isArray(value) ? value : [value];
}

/** Reads values of one jail's definition, noting what is wrong with them. */
export class ValueReader {
  readonly problems: Problem[] = [];
  readonly #jail: string;
  readonly #values: ReadonlyMap<keyof PseudoParameters, unknown>;

  constructor(jail: string, values: ReadonlyMap<keyof PseudoParameters, unknown>) {
    this.#jail = jail;
    this.#values = values;
  }

  problem(parameter: string, message: string, code?: string): void {
    const said = message.startsWith(`${parameter}: `) ? message : `${parameter}: ${message}`;
    this.problems.push({ jail: this.#jail, parameter, message: said, ...(code === undefined ? {} : { code }) });
  }

  boolean(name: keyof PseudoParameters): boolean {
    const value = this.#values.get(name);
    const last = Array.isArray(value) ? (value.length === 0 ? true : value.at(-1)) : value;
    if (last === undefined || last === null) return false;
    if (typeof last === "boolean") return last;
    if (last === "true" || last === "false") return last === "true";
    this.problem(name, `non-boolean value "${String(last)}"`);
    return false;
  }

  text(name: keyof PseudoParameters): string | undefined {
    const last = items(this.#values.get(name)).at(-1);
    if (last === undefined || last === "") return undefined;
    if (typeof last !== "string") {
      this.problem(name, `value ${JSON.stringify(last)} is not a text`);
      return undefined;
    }
    return last;
  }

  number(name: keyof PseudoParameters): number | undefined {
    const last = items(this.#values.get(name)).at(-1);
    if (last === undefined) return undefined;
    const number = typeof last === "number" ? last : /^-?[0-9]+$/.test(String(last)) ? Number(last) : Number.NaN;
    if (Number.isFinite(number) && number >= 0) return number;
    this.problem(name, `non-integer value "${String(last)}"`);
    return undefined;
  }

  list(name: keyof PseudoParameters): string[] {
    const list: string[] = [];
    for (const item of items(this.#values.get(name))) {
      if (typeof item === "string") {
        if (item !== "") list.push(item);
      } else this.problem(name, `value ${JSON.stringify(item)} is not a text`);
    }
    return list;
  }

  commands(hook: ExecHook): HookCommand[] {
    const commands: HookCommand[] = [];
    for (const item of items(this.#values.get(hook))) {
      const argv = (item as { argv?: unknown } | null)?.argv;
      if (typeof item !== "string" && !(Array.isArray(argv) && argv.every((word) => typeof word === "string"))) {
        this.problem(hook, `value ${JSON.stringify(item)} is neither a text nor { argv }`);
        continue;
      }
      const command = hookCommand(hook, item as HookValue);
      if (command?.argv.some((word) => word.includes("\0"))) this.problem(hook, "a command contains a NUL");
      else if (command !== undefined) commands.push(command);
    }
    return commands;
  }
}

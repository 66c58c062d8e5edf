import { PSEUDO_PARAMETERS } from "../../params/pseudo.js";
import { negate, type Parameter, type ParameterTable } from "../../params/table.js";
import { type CliFailure, usageFailure } from "../failure.js";
import { nearest } from "../words.js";

/**
 * Takes `name`, `name=value` words as jail(8) does: a boolean by its name or that with "no", a list by commas or by
 * repetition, a key of `meta` or `env` without a value to remove it.
 *
 * @throws CliFailure (status 2) that names parameter, value and rule
 */
export function parseSettings(words: readonly string[], table: ParameterTable): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const text = equals < 0 ? undefined : word.slice(equals + 1);
    if (name === "") throw usageFailure(`"${word}" has no parameter's name`);
    const parameter = table.get(name);
    if (parameter !== undefined) settings[name] = valueOf(parameter, text, settings[name]);
    else if (table.negated(name) !== undefined) settings[name] = truth(name, text);
    else if (table.keyed(name) !== undefined) settings[name] = text ?? null;
    else throw unknownParameter(name, table);
  }
  return settings;
}

function truth(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw usageFailure(
    `${name} cannot be "${text}": it is true or false`,
    `"${name}" alone sets it, "${negate(name)}" clears it.`,
  );
}

function valueOf({ name, kind }: Parameter, text: string | undefined, before: unknown): unknown {
  if (kind === "boolean") return truth(name, text);
  if (kind === "jailsys") return text === undefined || text === "" ? "new" : text;
  if (kind === "ip4" || kind === "ip6") {
    const list = text === undefined || text === "" || text === "-" ? [] : text.split(",");
    return [...(Array.isArray(before) ? (before as string[]) : []), ...list];
  }
  if (text === undefined) throw usageFailure(`${name} needs a value`, `Such as ${name}=VALUE.`);
  if (kind === "string" || kind === "keyvalue" || kind === "unknown") return text;
  if (!/^-?[0-9]+$/.test(text)) throw usageFailure(`${name} cannot be "${text}": it must be an integer`);
  const number = Number(text);
  return kind === "long" || kind === "ulong" ? BigInt(text) : number;
}

function unknownParameter(name: string, table: ParameterTable): CliFailure {
  if (Object.hasOwn(PSEUDO_PARAMETERS, name)) {
    return usageFailure(
      `${name} is not a parameter of the kernel`,
      `jail.conf has it: bsdjail up does what it says, and so does bsdjail jail -c ${name}=...`,
    );
  }
  const near = nearest(
    name,
    Array.from(table, (parameter) => parameter.name),
  );
  return usageFailure(
    `unknown parameter: ${name}`,
    near === undefined ? "bsdjail params lists those that this kernel has." : `Did you mean ${near}?`,
  );
}

/** A value as `name=value`, in the form that {@link parseSettings} takes; undefined where there is nothing to say. */
export function formatSetting(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value ? name : negate(name);
  return `${name}=${plainValue(value)}`;
}

/** A value as text. */
export function plainValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** A value for JSON: a key that is not there is null. */
export function jsonValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value === undefined ? null : value;
}

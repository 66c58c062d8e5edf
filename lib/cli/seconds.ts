import { usageFailure } from "./failure.js";

/** A number of seconds, or one with a unit: `90`, `1.5`, `10m`. @throws CliFailure */
export function seconds(option: string, text: string): number {
  const units: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86400 };
  const [, number, unit = ""] = /^([0-9]+(?:\.[0-9]+)?)(s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined)
    throw usageFailure(`${option} is "${text}"`, "It takes seconds, or a number with s, m, h or d.");
  return Number(number) * (units[unit] ?? 1);
}

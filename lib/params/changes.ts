import { record } from "../call.js";
import { JailParameterError } from "../errors.js";
import { encode, type Pair } from "./encode.js";
import type { ParameterTable } from "./table.js";

/**
 * What is to be set on a jail that runs, encoded. A parameter that can only be given at creation is left out where the jail
 * has the value already, which `running` tells.
 *
 * @throws JailParameterError for one that would change, and for what no kernel would take
 */
export function changes(
  table: ParameterTable,
  parameters: Readonly<Record<string, unknown>>,
  running: (names: readonly string[]) => Readonly<Record<string, unknown>>,
): Pair[] {
  record(parameters);
  const live: Record<string, unknown> = {};
  const fixed: string[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    if (table.get(name)?.settable === "creation") fixed.push(name);
    else live[name] = value;
  }
  const now = fixed.length === 0 ? {} : running(fixed);
  for (const name of fixed) {
    if (String(now[name]) === String(parameters[name])) continue;
    throw new JailParameterError(
      name,
      parameters[name],
      `it is ${String(now[name])}, and can only be given when a jail is made: remove the jail and create it anew`,
    );
  }
  return encode(table, live);
}

import type { CliIo } from "../../io.js";
import { readConfiguration } from "./configured.js";
import { quote } from "./output.js";

/** `jail -e`: a line for each jail of a configuration, its parameters with a separator between them. */
export function printConfiguration(file: string, separator: string, io: CliIo): number {
  const { jails, problems, baseStopsAfter } = readConfiguration(file, io, true);
  for (const { base } of problems.slice(0, baseStopsAfter)) io.stderr.write(`jail: ${base}\n`);
  if (baseStopsAfter !== undefined) return 1;
  for (const { parameters } of jails) {
    const shown = parameters
      .filter(({ name }) => name !== "jid")
      .map(({ name, values }) => (values.length === 0 ? name : `${name}=${values.map(quote).join(",")}`));
    io.stdout.write(`${shown.join(separator)}\n`);
  }
  return 0;
}

import { readFileSync } from "node:fs";
import { loadConf, parseConf } from "../../../conf/load.js";
import type { CliIo } from "../../io.js";
import { quote } from "./output.js";

/** `jail -e`: a line for each jail of a configuration, its parameters with a separator between them. */
export function printConfiguration(file: string, separator: string, io: CliIo): number {
  const options = { cwd: io.cwd, strict: true };
  const { jails, problems, baseStopsAfter } =
    file === "-" ? parseConf({ name: "STDIN", text: readFileSync(0) }, options) : loadConf(file, options);
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

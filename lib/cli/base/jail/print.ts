import type { CliIo } from "../../io.js";
import { writeText } from "../../output.js";
import { readConfiguration, tellProblems } from "./configured.js";
import { quote } from "./output.js";

/** How much is written at once. */
const CHUNK = 1 << 16;

/** `jail -e`: a line for each jail of a configuration, its parameters with a separator between them. */
export function printConfiguration(file: string, separator: string, io: CliIo): number {
  const conf = readConfiguration(file, io, true);
  const status = tellProblems(conf, io);
  if (status !== undefined) return status;
  let text = "";
  for (const { parameters } of conf.jails) {
    const shown = parameters
      .filter(({ name }) => name !== "jid")
      .map(({ name, values }) => (values.length === 0 ? name : `${name}=${values.map(quote).join(",")}`));
    text += `${shown.join(separator)}\n`;
    if (text.length < CHUNK) continue;
    writeText(io.stdout, text);
    text = "";
  }
  if (text !== "") writeText(io.stdout, text);
  return 0;
}

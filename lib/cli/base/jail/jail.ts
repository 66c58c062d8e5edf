import type { CliIo } from "../../io.js";
import { parseJailArguments, USAGE } from "./options.js";
import { printConfiguration } from "./print.js";

/**
 * `jail -e`, as FreeBSD's jail(8). What starts, changes and stops jails is not offered under this name: that is said, and
 * nothing is done.
 */
export async function jailCommand(argv: string[], io: CliIo): Promise<number> {
  const parsed = parseJailArguments(argv);
  if (parsed.kind === "print") return printConfiguration(parsed.config, parsed.separator, io);
  if (parsed.kind === "usage") {
    if (parsed.message !== undefined) io.stderr.write(`jail: ${parsed.message}\n`);
    io.stderr.write(USAGE);
    return 1;
  }
  io.stderr.write("jail: this version only prints configurations (-e): see bsdjail create, set and remove\n");
  return 1;
}

import type { CommandManual } from "./model.js";
import { HELP_OPTION, JSON_OPTION } from "./options.js";

/** Commands for jail.conf itself. */
export const CONFIGURATION: readonly CommandManual[] = [
  {
    name: "conf",
    group: "configuration",
    summary: "check, show, format and edit jail.conf files",
    usage: [
      "check [--json] [FILE ...]",
      "show [--json] [-f FILE] [JAIL ...]",
      "json [-f FILE] [JAIL ...]",
      "format [-w] [FILE]",
      "get [--json] [-f FILE] JAIL PARAMETER ...",
      "set [-w] [-f FILE] JAIL PARAMETER[=VALUE] ...",
      "unset [-w] [-f FILE] JAIL PARAMETER ...",
      "where [--json] JAIL",
    ],
    operands: ["word"],
    options: [
      { flags: "-f, --file", value: "FILE", text: "the file to read, - for standard input; /etc/jail.conf" },
      { flags: "-w, --write", text: "change the file, whole or not at all, instead of printing what it would be" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      "check says all that is wrong, each with file, line and column. show prints each jail as jail(8) would have it: its " +
        "parameters with wildcards and variables put in, and where each value comes from. json prints the same as data.",
      "where says which file the system's start-up script takes for a jail, and which others it hides.",
      "set and unset change a jail's own block and nothing else in the file; JAIL is * for what is outside of blocks. A " +
        "parameter given several times is a list; $name in a value is a variable.",
    ],
    examples: [
      { line: "bsdjail conf check /etc/jail.conf /etc/jail.conf.d/*.conf", text: "status 1 where something is wrong" },
      { line: "bsdjail conf show web", text: "one jail, each value with its origin" },
      { line: "bsdjail conf set -w web securelevel=2 'path=/jails/$name'", text: "two parameters of one jail" },
    ],
    statuses: [{ status: "1", text: "something is wrong in a file, or it has no such jail" }],
  },
];

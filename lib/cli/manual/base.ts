import type { CommandManual } from "./model.js";

const SIMULATED =
  "In a simulated jail its commands really run, on this machine and confined by nothing, unless BSDJAIL_COMMANDS is record.";

/** Commands for FreeBSD's own programs under our name. */
export const BASE: readonly CommandManual[] = [
  {
    name: "jls",
    group: "base",
    summary: "list jails, as jls(8)",
    usage: ["[-dhNnqv] [-j jail] [parameter ...]", "-c [-d] -j jail"],
    operands: ["parameter"],
    options: [],
    examples: [{ line: "bsdjail jls --libxo json,pretty", text: "its output as JSON" }],
    base: true,
  },
  {
    name: "jail",
    group: "base",
    summary: "create, change and remove jails, as jail(8)",
    usage: [
      "[-dhilqv] [-J jid_file] [-u username] [-U username] -[cmr] param=value ... [command=command ...]",
      "[-dqv] [-f file] -[cmr] [jail]",
      "[-qv] [-f file] -[rR] ['*' | jail ...]",
      "[-f file] -e separator",
    ],
    operands: ["word"],
    options: [],
    examples: [
      { line: "bsdjail jail -c name=web path=/jails/web persist", text: "one jail by its parameters" },
      { line: "bsdjail jail -e '|' -f /etc/jail.conf", text: "a line for each jail of a file" },
    ],
    notes: [SIMULATED],
    base: true,
  },
  {
    name: "jexec",
    group: "base",
    summary: "run a command in a jail, as jexec(8)",
    usage: ["[-l] [-d working-directory] [-u username | -U username] jail [command ...]"],
    operands: ["jail", "word"],
    options: [],
    examples: [{ line: "bsdjail jexec -l web", text: "a login of root inside" }],
    notes: [SIMULATED],
    base: true,
  },
];

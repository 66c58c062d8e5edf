import type { CommandManual } from "./model.js";
import { HELP_OPTION, JSON_OPTION } from "./options.js";

/** Commands for one jail by its parameters. */
export const JAILS: readonly CommandManual[] = [
  {
    name: "create",
    group: "jails",
    summary: "create a jail",
    usage: ["[--json] PARAMETER[=VALUE] ..."],
    operands: ["setting"],
    options: [JSON_OPTION, HELP_OPTION],
    notes: [
      'Parameters are those of jail(8), under the kernel\'s names. A boolean is set by its name alone and cleared by the name with "no" before its last part: allow.mount, allow.nomount. A list takes commas, or the parameter again.',
      "The jail persists unless nopersist is given, which the kernel refuses for a jail without a process.",
    ],
    examples: [
      {
        line: "bsdjail create name=web path=/jails/web ip4.addr=192.0.2.10",
        text: "a jail with an address of its own",
      },
      { line: "bsdjail create path=/ --json", text: "one without a name, answered as JSON" },
    ],
  },
  {
    name: "list",
    group: "jails",
    summary: "list the jails that run",
    usage: ["[--json] [-a] [-o PARAMETER,...] [JAIL ...]"],
    operands: ["jail"],
    options: [
      {
        flags: "-o, --output",
        value: "PARAMETER,...",
        kind: "parameter",
        text: 'show these parameters instead, "all" for every one',
      },
      { flags: "-a, --all", text: "also jails that are dying" },
      { flags: "-q, --quiet", text: "without the titles" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    examples: [
      { line: "bsdjail list", text: "jid, name, addresses, host name and path of each" },
      { line: "bsdjail list -o name,children.cur,children.max", text: "chosen parameters" },
    ],
  },
  {
    name: "get",
    group: "jails",
    summary: "show parameters of a jail",
    usage: ["[--json] JAIL [PARAMETER ...]"],
    operands: ["jail", "parameter"],
    options: [
      {
        flags: "-v, --value",
        text: "print the values alone, a line each; the value of one parameter as it is, unless to a terminal",
      },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: ["Without parameters, all of them. What is printed is what create and set take."],
    examples: [
      { line: "bsdjail get web host.hostname ip4.addr", text: "two parameters" },
      { line: "bsdjail get -v web path", text: "one value, for a script" },
    ],
  },
  {
    name: "set",
    group: "jails",
    summary: "change parameters of a jail that runs",
    usage: ["[--json] JAIL PARAMETER[=VALUE] ..."],
    operands: ["jail", "setting"],
    options: [JSON_OPTION, HELP_OPTION],
    notes: [
      "Path, vnet, osrelease and the modes of ip4 and ip6 are fixed when a jail is created. meta.KEY=VALUE sets a key of the jail's metadata, meta.KEY alone removes it.",
    ],
    examples: [
      { line: "bsdjail set web allow.mount securelevel=2", text: "allow one thing, forbid more" },
      { line: "bsdjail set web meta.owner=ops", text: "a note on the jail" },
    ],
  },
  {
    name: "remove",
    group: "jails",
    summary: "remove jails, with their processes and their children",
    usage: ["[--json] [--timeout SECONDS] [--no-wait] JAIL ..."],
    operands: ["jail"],
    options: [
      {
        flags: "-t, --timeout",
        value: "SECONDS",
        text: "how long to wait for the kernel to let go of each (default 10)",
      },
      { flags: "--no-wait", text: "end as soon as the kernel has begun" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      'It is done when the kernel has let go: until then what the jail holds (mounts, interfaces) is still in use. No hook of jail.conf runs; "bsdjail down" runs them.',
    ],
    examples: [{ line: "bsdjail remove web", text: "and wait until it is gone" }],
  },
  {
    name: "params",
    group: "jails",
    summary: "list the parameters that the kernel knows",
    usage: ["[--json] [PARAMETER ...]"],
    operands: ["parameter"],
    options: [JSON_OPTION, HELP_OPTION],
    examples: [
      { line: "bsdjail params", text: "name, type and meaning of each" },
      { line: "bsdjail params ip4 allow.mount", text: "these, and those below them" },
    ],
  },
];

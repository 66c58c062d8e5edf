/** What a word on the command line stands for; completion offers candidates by it. */
export type OperandKind = "jail" | "parameter" | "setting" | "file" | "command" | "shell" | "word";

/** One option of a command. */
export interface OptionManual {
  /** `--json`, or `-j, --jail`. */
  readonly flags: string;
  /** What its value is called, where it takes one. */
  readonly value?: string;
  /** What its value stands for. */
  readonly kind?: OperandKind;
  readonly text: string;
}

/** What `--help`, completion and the list of commands know of one command. */
export interface CommandManual {
  readonly name: string;
  readonly group: "jails" | "inside" | "configuration" | "base" | "other";
  readonly summary: string;
  /** What stands after `bsdjail NAME`, a line each. */
  readonly usage: readonly string[];
  /** What each operand stands for; the last one repeats. */
  readonly operands: readonly OperandKind[];
  readonly options: readonly OptionManual[];
  readonly notes?: readonly string[];
  readonly examples: readonly { readonly line: string; readonly text: string }[];
  /** Statuses beyond those that every command has. */
  readonly statuses?: readonly { readonly status: string; readonly text: string }[];
  /** It takes the arguments of the program of that name, none of ours. */
  readonly base?: boolean;
}

/** Titles of the groups, in the order in which they are listed. */
export const GROUPS: Readonly<Record<CommandManual["group"], string>> = {
  jails: "One jail",
  inside: "Inside a jail",
  configuration: "Jails of jail.conf",
  base: "FreeBSD's own, byte for byte",
  other: "More",
};

const JSON_OPTION: OptionManual = {
  flags: "--json",
  text: "print JSON: one object on standard output, or one a line where there are several; a failure is one object on standard error",
};
const HELP_OPTION: OptionManual = { flags: "-h, --help", text: "show this and end" };

/** Statuses that every command but the base ones has. */
export const STATUSES: readonly { readonly status: string; readonly text: string }[] = [
  { status: "0", text: "done" },
  { status: "1", text: "refused by the kernel or the machine, or no such jail" },
  { status: "2", text: "the command line was wrong; nothing was done" },
  { status: "130", text: "interrupted" },
];

/** The commands, in the order in which they are listed. */
export const MANUALS: readonly CommandManual[] = [
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
    options: [{ flags: "-v, --value", text: "print the values alone, a line each" }, JSON_OPTION, HELP_OPTION],
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
    base: true,
  },
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
      "where says which file FreeBSD's start-up script takes for a jail, and which others it hides.",
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
  {
    name: "doctor",
    group: "other",
    summary: "say whether this machine is ready for jails, and what to do where it is not",
    usage: ["[--json] [jails|vnet|limits|zfs ...]"],
    operands: ["word"],
    options: [JSON_OPTION, HELP_OPTION],
    notes: ["Without an area, all of them are shown, and the exit status is that of jails. Nothing is changed."],
    examples: [
      { line: "bsdjail doctor", text: "everything" },
      { line: "bsdjail doctor vnet limits", text: "status 0 where the machine is ready for both" },
    ],
    statuses: [{ status: "1", text: "the machine is not ready for what was asked about" }],
  },
  {
    name: "completion",
    group: "other",
    summary: "print a completion script for a shell",
    usage: ["sh|bash|zsh|fish"],
    operands: ["shell"],
    options: [HELP_OPTION],
    examples: [
      { line: 'eval "$(bsdjail completion bash)"', text: "in ~/.bashrc" },
      { line: "bsdjail completion fish > ~/.config/fish/completions/bsdjail.fish", text: "once" },
    ],
  },
  {
    name: "help",
    group: "other",
    summary: "explain a command",
    usage: ["[COMMAND]"],
    operands: ["command"],
    options: [HELP_OPTION],
    examples: [{ line: "bsdjail help create", text: "the same as bsdjail create --help" }],
  },
];

/** The manual of one command. */
export function manualOf(name: string): CommandManual | undefined {
  return MANUALS.find((manual) => manual.name === name);
}

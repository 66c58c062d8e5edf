/** What a word on the command line stands for; completion offers candidates by it. */
export type OperandKind =
  | "jail"
  | "defined"
  | "known"
  | "parameter"
  | "setting"
  | "file"
  | "command"
  | "shell"
  | "word";

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
  readonly group: "jails" | "inside" | "lifecycle" | "configuration" | "base" | "other";
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
  lifecycle: "Jails of jail.conf",
  configuration: "jail.conf",
  base: "FreeBSD's own, byte for byte",
  other: "More",
};

const JSON_OPTION: OptionManual = {
  flags: "--json",
  text: "print JSON: one object on standard output, or one a line where there are several; a failure is one object on standard error",
};
const HELP_OPTION: OptionManual = { flags: "-h, --help", text: "show this and end" };

const FILE_OPTION: OptionManual = {
  flags: "-f, --file",
  value: "FILE",
  kind: "file",
  text: "a jail.conf(5) to read, - for standard input; may be given again. Default: /etc/jail.conf, /etc/jail.conf.d/JAIL.conf and /etc/jail.JAIL.conf, as the system's start-up script takes them",
};
const RUN_OPTIONS: readonly OptionManual[] = [
  {
    flags: "-p, --parallel",
    value: "NUMBER",
    text: "how many commands run at once; 1 also takes one jail after the other",
  },
  {
    flags: "-t, --timeout",
    value: "TIME",
    text: "how long a command may take where the jail has no exec.timeout; seconds, or a number with s, m or h",
  },
  { flags: "--within", value: "TIME", text: "one deadline for all of it" },
  { flags: "--timings", text: "show at the end where the time went" },
  { flags: "-v, --verbose", text: "show every step, and what commands write" },
];
const DRY_OPTION: OptionManual = { flags: "-n, --dry-run", text: "show what would be done, and do nothing" };
const FORCE_OPTION: OptionManual = { flags: "--force", text: "a failed exec.prestop or exec.stop keeps no jail" };
const RUN_STATUSES = [{ status: "1", text: "a jail did not get to where it was to be; the others did" }];
const RUN_NOTE =
  "On a terminal there is a line for each jail, and what goes on below them; in a pipe a line for each jail when it is " +
  "over; with --json a line for each event. The first interrupt stops the run and undoes what is half done, the second " +
  "ends the command at once; bsdjail recover then does the rest.";

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
    name: "exec",
    group: "inside",
    summary: "run a command in a jail",
    usage: [
      "[--json] [-ci] [-u USER | -U USER] [-e NAME=VALUE] ... [-C DIRECTORY] [-F FIB] [-t | -T] JAIL COMMAND [ARGUMENT ...]",
    ],
    operands: ["jail", "word"],
    options: [
      { flags: "-u, --user", value: "USER", text: "run as this user of the jail's password file" },
      { flags: "-U, --host-user", value: "USER", text: "run as this user of the host's password file" },
      {
        flags: "-c, --clean",
        text: "a login, as exec.clean: start in the user's home",
      },
      { flags: "-i, --inherit-env", text: "give it our own environment instead of a login's" },
      { flags: "-e, --env", value: "NAME=VALUE", text: "a variable on top of its environment; may be given again" },
      { flags: "-C, --cwd", value: "DIRECTORY", text: "start there, an absolute path in the jail (default /)" },
      { flags: "-F, --fib", value: "FIB", text: "use this routing table" },
      { flags: "-t, --tty", text: "give it a terminal of its own, also where ours is none" },
      { flags: "-T, --no-tty", text: "give it our streams as they are, also where they are a terminal" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      "Options stand before the jail: all that follows it is the command's. There is no shell, and nothing of our environment " +
        "but TERM: it has that of a login of its user inside the jail.",
      "Our streams are its streams; on a terminal it gets one of its own, made inside the jail, that follows the size of ours. " +
        "Signals are passed on. With --json it reads nothing, and what it writes is in the answer.",
      "In a simulated jail the command is noted and not run, unless BSDJAIL_COMMANDS is host.",
    ],
    examples: [
      { line: "bsdjail exec web uname -a", text: "one command" },
      { line: "bsdjail exec -u www -e LANG=C web sh -c 'id; env'", text: "a shell's words, as another user" },
    ],
    statuses: [
      { status: "the command's", text: "what the command ended with; 128 and the signal's number where one ended it" },
      { status: "125", text: "the jail could not be entered: it is gone, or there is no such user or directory" },
      { status: "126", text: "the command is there and cannot be run" },
      { status: "127", text: "the jail has no such command" },
    ],
  },
  {
    name: "ps",
    group: "inside",
    summary: "show the processes of jails",
    usage: ["[--json] [-cq] [JAIL ...]"],
    operands: ["jail"],
    options: [
      { flags: "-c, --children", text: "those of the jails inside them too" },
      { flags: "-q, --quiet", text: "the pids alone, a line each" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: ["Without jails, of all. Users are named by the host's password file."],
    examples: [{ line: "bsdjail ps web", text: "pid, user, start and command of each" }],
  },
  {
    name: "kill",
    group: "inside",
    summary: "signal the processes of jails",
    usage: ["[--json] [-c] [-s SIGNAL | -t TIME] JAIL ..."],
    operands: ["jail"],
    options: [
      { flags: "-s, --signal", value: "SIGNAL", text: "a name or a number (default TERM)" },
      {
        flags: "-t, --timeout",
        value: "TIME",
        text: "send TERM, wait that long, and send KILL to those that are left; seconds, or a number with s, m or h",
      },
      { flags: "-c, --children", text: "those of the jails inside them too" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: ["The jail stays, unless it does not persist."],
    examples: [
      { line: "bsdjail kill -s HUP web", text: "let daemons read their configuration again" },
      { line: "bsdjail kill -t 10 web", text: "end them all, and see which ones ignored TERM" },
    ],
  },
  {
    name: "watch",
    group: "inside",
    summary: "show what happens to jails, as it happens",
    usage: ["[--json] [--interval TIME] [JAIL]"],
    operands: ["jail"],
    options: [
      {
        flags: "--interval",
        value: "TIME",
        text: "how often lists are compared where the kernel has no events of jails (default 0.25)",
      },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      "Those that are there come first (exists), then created, updated, attached, removed and gone. resync says that more " +
        "happened than is told one by one, and what is different now. An interrupt ends it, as does the end of the one jail named.",
    ],
    examples: [
      { line: "bsdjail watch", text: "all jails" },
      { line: "bsdjail watch --json | jq -r 'select(.type == \"gone\").name'", text: "names of those that went" },
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
    name: "up",
    group: "lifecycle",
    summary: "start jails, and those that they need",
    usage: ["[--json] [-nv] [-f FILE] [-p NUMBER] [-t TIME] [--within TIME] [--timings] [JAIL ...]"],
    operands: ["defined"],
    options: [FILE_OPTION, ...RUN_OPTIONS, DRY_OPTION, JSON_OPTION, HELP_OPTION],
    notes: [
      "Without jails, all that are defined. Jails that are up stay as they are. Everything that can be known before is " +
        "looked at first, of all jails, and reported together. A start that fails takes back all that it did.",
      RUN_NOTE,
    ],
    examples: [
      { line: "bsdjail up web", text: "one jail, after those in its depend" },
      { line: "bsdjail up --within 2m --timings", text: "all of them, in two minutes, and where the time went" },
    ],
    statuses: RUN_STATUSES,
  },
  {
    name: "down",
    group: "lifecycle",
    summary: "stop jails, after those that need them",
    usage: ["[--json] [-anv] [-f FILE] [-p NUMBER] [-t TIME] [--within TIME] [--timings] [--force] [JAIL ...]"],
    operands: ["known"],
    options: [
      FILE_OPTION,
      ...RUN_OPTIONS,
      FORCE_OPTION,
      { flags: "-a, --all", text: "also jails that we started and that are defined no more" },
      DRY_OPTION,
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      "Without jails, all that are defined. Only what we made is taken away, and only what nobody else uses.",
      RUN_NOTE,
    ],
    examples: [
      { line: "bsdjail down web", text: "one jail, and those that need it before" },
      { line: "bsdjail down --within 30s --force", text: "all of them, whatever their hooks say, in half a minute" },
    ],
    statuses: RUN_STATUSES,
  },
  {
    name: "restart",
    group: "lifecycle",
    summary: "stop jails and start them again, with those that need them",
    usage: ["[--json] [-v] [-f FILE] [-p NUMBER] [-t TIME] [--within TIME] [--timings] [--force] [JAIL ...]"],
    operands: ["known"],
    options: [FILE_OPTION, ...RUN_OPTIONS, FORCE_OPTION, JSON_OPTION, HELP_OPTION],
    examples: [{ line: "bsdjail restart db", text: "and what depends on it" }],
    statuses: RUN_STATUSES,
  },
  {
    name: "plan",
    group: "lifecycle",
    summary: "show what apply would do, and where running jails differ from their definitions",
    usage: ["[--json] [-f FILE] [--prune] [--check] [JAIL ...]"],
    operands: ["defined"],
    options: [
      FILE_OPTION,
      { flags: "--prune", text: "jails that we started and that are defined no more are removed" },
      { flags: "--check", text: "end in 3 where something would be changed" },
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      "Nothing is changed. Each step is shown with its exact arguments; JID stands for the jid of a jail that is not made yet. " +
        "A restart is planned only where the kernel takes a parameter at creation alone, or where one is not defined any more.",
    ],
    examples: [
      { line: "bsdjail plan", text: "what differs" },
      {
        line: "bsdjail plan --json > plan.json && bsdjail apply --plan plan.json",
        text: "look at it before it is done",
      },
    ],
    statuses: [
      { status: "1", text: "something keeps the plan from being done" },
      { status: "3", text: "something would be changed (--check)" },
    ],
  },
  {
    name: "apply",
    group: "lifecycle",
    summary: "bring jails to their definitions: start, change, restart",
    usage: [
      "[--json] [-nv] [-f FILE] [-p NUMBER] [-t TIME] [--within TIME] [--timings] [--prune] [JAIL ...]",
      "[--json] [-nv] [-p NUMBER] [-t TIME] [--within TIME] [--timings] --plan FILE",
    ],
    operands: ["defined"],
    options: [
      FILE_OPTION,
      ...RUN_OPTIONS,
      { flags: "--prune", text: "remove jails that we started and that are defined no more" },
      {
        flags: "--plan",
        value: "FILE",
        kind: "file",
        text: "do what this says, as plan --json printed it; refused where the machine has moved since",
      },
      DRY_OPTION,
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: ["Applied twice, it does nothing the second time.", RUN_NOTE],
    examples: [
      { line: "bsdjail apply web", text: "its new addresses, without a restart" },
      { line: "bsdjail apply --prune", text: "and nothing beside what is defined" },
    ],
    statuses: RUN_STATUSES,
  },
  {
    name: "status",
    group: "lifecycle",
    summary: "show how jails stand",
    usage: ["[--json] [-f FILE] [JAIL ...]"],
    operands: ["known"],
    options: [FILE_OPTION, JSON_OPTION, HELP_OPTION],
    notes: ["Every jail that is defined, recorded or there, with what ledger and kernel say of it together."],
    examples: [
      { line: "bsdjail status", text: "all of them" },
      { line: "bsdjail status web || bsdjail why web", text: "in a script" },
    ],
    statuses: [{ status: "3", text: "a jail that was named is not up" }],
  },
  {
    name: "tree",
    group: "lifecycle",
    summary: "show jails in jails, and what each needs",
    usage: ["[--json] [-f FILE]"],
    operands: ["word"],
    options: [FILE_OPTION, JSON_OPTION, HELP_OPTION],
    examples: [{ line: "bsdjail tree", text: "of all that are defined, recorded or there" }],
  },
  {
    name: "logs",
    group: "lifecycle",
    summary: "show what the commands of jails wrote, by step, with their console logs",
    usage: ["[--json] [-F] [-f FILE] [--since TIME] JAIL ..."],
    operands: ["known"],
    options: [
      { flags: "-F, --follow", text: "go on with what comes, until an interrupt" },
      { flags: "--since", value: "TIME", text: "from then on: how long ago (10m, 2h), or a time (2026-11-26T02:04)" },
      FILE_OPTION,
      JSON_OPTION,
      HELP_OPTION,
    ],
    notes: [
      "What commands on the host and in the jail wrote is kept beside the ledgers, in files that are bounded and rotated by " +
        "us. What stands in exec.consolelog is shown with it: by its step where a command of a step wrote it, else as console.",
    ],
    examples: [
      { line: "bsdjail logs web", text: "all that is kept" },
      { line: "bsdjail logs -F --since 5m web db", text: "two jails, from five minutes ago on" },
    ],
  },
  {
    name: "why",
    group: "lifecycle",
    summary: "say why a jail does not start, does not stop, is not gone, or differs from its definition",
    usage: ["[--json] [-f FILE] JAIL"],
    operands: ["known"],
    options: [FILE_OPTION, JSON_OPTION, HELP_OPTION],
    notes: ["From its ledger, its last run and what the machine shows: cause, what shows it, what would help."],
    examples: [{ line: "bsdjail why web", text: "one sentence each" }],
  },
  {
    name: "recover",
    group: "lifecycle",
    summary: "finish or take back what a crash cut off",
    usage: ["[--json] [-v] [-p NUMBER] [-t TIME] [--within TIME] [--timings] [JAIL ...]"],
    operands: ["known"],
    options: [...RUN_OPTIONS, JSON_OPTION, HELP_OPTION],
    notes: [
      "A start that was cut off is taken back, a stop is finished, what is left of a jail that was stopped by others is taken " +
        "away. Jails that another process works on are left to it.",
    ],
    examples: [{ line: "bsdjail recover", text: "after a crash, or at boot" }],
    statuses: [{ status: "1", text: "something could not be taken away" }],
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

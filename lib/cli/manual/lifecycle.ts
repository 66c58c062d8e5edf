import type { CommandManual, OptionManual } from "./model.js";
import { HELP_OPTION, JSON_OPTION } from "./options.js";

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

/** Commands for the jails of jail.conf: start, stop, compare. */
export const LIFECYCLE: readonly CommandManual[] = [
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
];

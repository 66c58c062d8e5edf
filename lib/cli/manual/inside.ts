import type { CommandManual } from "./model.js";
import { HELP_OPTION, JSON_OPTION } from "./options.js";

/** Commands for what happens inside a jail. */
export const INSIDE: readonly CommandManual[] = [
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
];

import type { CommandManual } from "./model.js";
import { HELP_OPTION, JSON_OPTION } from "./options.js";

/** Commands for the machine and the command line. */
export const OTHER: readonly CommandManual[] = [
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

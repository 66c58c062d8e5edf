import { MANUALS } from "./manual/manual.js";
import { type CommandManual, GROUPS, type OptionManual, STATUSES } from "./manual/model.js";

/** Variables that the commands read. */
const ENVIRONMENT: readonly { readonly names: readonly string[]; readonly text: string }[] = [
  {
    names: ["BSDJAIL_KERNEL"],
    text: '"native": the kernel of this machine and no other; "simulated": the simulated one, and nothing is said about it.',
  },
  {
    names: ["BSDJAIL_STATE"],
    text: "The file that holds the simulated machine.",
  },
  {
    names: ["XDG_STATE_HOME"],
    text: "Where that file is kept otherwise, in bsdjail/; ~/.local/state where this is not set.",
  },
  {
    names: ["BSDJAIL_ROOT"],
    text: "The folder that is the simulated machine's root directory, for up, down and the like; else paths are this machine's own.",
  },
  {
    names: ["BSDJAIL_COMMANDS"],
    text: '"record": commands of simulated jails are noted, not run, and succeed, which is the default; "host": they are really run on this machine, confined by nothing, which is the default of jail and jexec.',
  },
  { names: ["NO_COLOR", "FORCE_COLOR"], text: "No colours, whatever the terminal; colours, even without one." },
];

/** Files that the commands read and write. */
const FILES: readonly { readonly path: string; readonly text: string }[] = [
  {
    path: "/etc/jail.conf",
    text: "The jails, with those of /etc/jail.conf.d/JAIL.conf and /etc/jail.JAIL.conf.",
  },
  {
    path: "/var/db/bsdjail",
    text: "A ledger for each jail that was started: what was made for it, to be taken away again. Beside them what the commands of jails wrote.",
  },
  {
    path: "libexec/rc.d/jail",
    text: "In the package: a script for the start of the system, which takes the place of /etc/rc.d/jail and its variables in rc.conf(5), and fails where a jail did not start.",
  },
];

/** Text of a manual page: a sentence ends its line, no line is long, none of them looks like a request. */
function prose(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .split(/(?<=[.!?:;]) (?=[A-Za-z])/)
    .flatMap(fill)
    .map((line) => line.replace(/^([.'])/, "\\&$1"))
    .join("\n");
}

function fill(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > 78) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function macroArgument(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll('"', "\\(dq");
}

function optionTag(option: OptionManual): string {
  const flags = option.flags.split(", ").map((flag) => `Fl ${flag.slice(1)}`);
  return `.It ${flags.join(" , ")}${option.value === undefined ? "" : ` Ar ${option.value}`}`;
}

/** Said once for all commands. */
const COMMON = new Set(["--json", "-h, --help"]);

function mdocCommand(manual: CommandManual): string[] {
  const lines = [`.Ss ${manual.name}`];
  for (const usage of manual.usage) lines.push(`.Dl bsdjail ${manual.name} ${macroArgument(usage)}`);
  lines.push(".Pp", prose(`${manual.summary[0]?.toUpperCase()}${manual.summary.slice(1)}.`));
  const options = manual.options.filter((option) => !COMMON.has(option.flags));
  if (options.length > 0) {
    lines.push(".Bl -tag -width Ds");
    for (const option of options) lines.push(optionTag(option), prose(sentence(option.text)));
    lines.push(".El");
  }
  for (const note of manual.notes ?? []) lines.push(".Pp", prose(note));
  return lines;
}

function sentence(text: string): string {
  const first = `${text[0]?.toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** The manual page bsdjail(8), as mdoc. */
export function mdoc(): string {
  const lines = [
    '.\\" Made by scripts/manual.ts from lib/cli/manual/.',
    ".Dd August 1, 2026",
    ".Dt BSDJAIL 8",
    ".Os",
    ".Sh NAME",
    ".Nm bsdjail",
    ".Nd create, inspect and manage jails",
    ".Sh SYNOPSIS",
    ".Nm",
    ".Ar command",
    ".Op Ar argument ...",
    ".Nm",
    ".Ar command",
    ".Fl -help",
    ".Nm",
    ".Fl -version",
    ".Sh DESCRIPTION",
    "The",
    ".Nm",
    "utility works with the jails of",
    ".Fx",
    "through the system calls themselves.",
    "On a machine without jails a simulated kernel answers, whose state is kept",
    "in a file of the user, and",
    ".Nm",
    "says so once on standard error.",
    ".Pp",
    "A jail is named by its name or its jid.",
    "Parameters have the names that",
    ".Xr jail 8",
    "gives them.",
    "A word that is not known is answered with the nearest one that is.",
    ".Pp",
    "With",
    ".Fl -json",
    "standard output is JSON and nothing else, one object or,",
    "where output comes while the command runs, one a line.",
    "A failure is then one object on standard error.",
    "The shapes are described by JSON Schema files in the folder",
    ".Pa schemas",
    "of the package.",
    ".Pp",
    "An interrupt stops what is under way and undoes what was begun;",
    "a second one ends the command at once.",
  ];
  for (const [group, title] of Object.entries(GROUPS)) {
    const members = MANUALS.filter((manual) => manual.group === group);
    if (members.length === 0) continue;
    lines.push(`.Sh ${title.toUpperCase()}`);
    if (group === "base") {
      lines.push(
        "These take the arguments of the programs of that name,",
        "and print and return what those do.",
        "What differs is in",
        ".Xr bsdjail-base 7 .",
      );
    }
    lines.push(...members.flatMap(mdocCommand));
  }
  lines.push(".Sh ENVIRONMENT", ".Bl -tag -width Ds");
  for (const { names, text } of ENVIRONMENT)
    lines.push(`.It ${names.map((name) => `Ev ${name}`).join(" , ")}`, prose(text));
  lines.push(".El", ".Sh FILES", ".Bl -tag -width Ds");
  for (const { path, text } of FILES) lines.push(`.It Pa ${path}`, prose(text));
  lines.push(".El", ".Sh EXIT STATUS");
  lines.push("The commands that are not of the base system end with:", ".Pp", ".Bl -tag -width Ds -compact");
  for (const { status, text } of STATUSES) lines.push(`.It ${status}`, prose(sentence(text)));
  lines.push(".El");
  for (const manual of MANUALS) {
    for (const { status, text } of manual.statuses ?? []) {
      lines.push(".Pp", `.Cm ${manual.name}`, "also ends with", `.Sy ${status} :`, prose(sentence(text)));
    }
  }
  lines.push(".Sh EXAMPLES");
  MANUALS.flatMap((manual) => manual.examples).forEach((example, at) => {
    if (at > 0) lines.push(".Pp");
    lines.push(prose(sentence(example.text)), `.Dl ${macroArgument(example.line)}`);
  });
  lines.push(
    ".Sh SEE ALSO",
    ".Xr bsdjail-base 7 ,",
    ".Xr bsdjail-lifecycle 7 ,",
    ".Xr jail 8 ,",
    ".Xr jexec 8 ,",
    ".Xr jls 8",
  );
  return `${lines.join("\n")}\n`;
}

/** The same for readers of docs/. */
export function markdown(): string {
  const lines = [
    "# Commands",
    "",
    "<!-- Made by scripts/manual.ts from lib/cli/manual/. -->",
    "",
    "`bsdjail COMMAND --help` shows the same in the terminal, `man bsdjail` the manual page.",
    "",
    "## Exit status",
    "",
    "| status | meaning |",
    "|---|---|",
    ...STATUSES.map(({ status, text }) => `| ${status} | ${text} |`),
    "",
    "`jail`, `jls` and `jexec` end with the status that FreeBSD's programs end with.",
    "",
    "## Environment",
    "",
    "| variable | meaning |",
    "|---|---|",
    ...ENVIRONMENT.map(({ names, text }) => `| ${names.map((name) => `\`${name}\``).join(", ")} | ${text} |`),
    "",
    "## JSON",
    "",
    "With `--json` standard output is JSON alone: one object, or one a line where output comes while the command runs. A",
    "failure is one object on standard error, with the same exit status. The shapes are in",
    "[`schemas/`](../schemas), as JSON Schema; they are part of the package (`bsdjail/schemas/list.json`).",
  ];
  for (const [group, title] of Object.entries(GROUPS)) {
    const members = MANUALS.filter((manual) => manual.group === group);
    if (members.length === 0) continue;
    lines.push("", `## ${title}`);
    for (const manual of members) {
      lines.push("", `### ${manual.name}`, "", sentence(manual.summary), "", "```sh");
      for (const usage of manual.usage) lines.push(`bsdjail ${manual.name} ${usage}`.trimEnd());
      lines.push("```");
      if (manual.options.length > 0) {
        lines.push("", "| option | meaning |", "|---|---|");
        for (const { flags, value, text } of manual.options) {
          const cell = `${flags}${value === undefined ? "" : ` ${value}`}`.replaceAll("|", "\\|");
          lines.push(`| \`${cell}\` | ${text.replaceAll("|", "\\|")} |`);
        }
      }
      for (const note of manual.notes ?? []) lines.push("", note);
      lines.push("", "```sh");
      for (const example of manual.examples) lines.push(`${example.line}    # ${example.text}`);
      lines.push("```");
      if (manual.statuses !== undefined) {
        lines.push("", "| status | meaning |", "|---|---|");
        for (const { status, text } of manual.statuses) lines.push(`| ${status} | ${text} |`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

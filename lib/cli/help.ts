import { BASE_COMMANDS, COMMANDS } from "./commands.js";
import { reportFailure, STATUS_OK, STATUS_USAGE, usageFailure } from "./failure.js";
import type { CliIo } from "./io.js";
import { MANUALS, manualOf } from "./manual/manual.js";
import { type CommandManual, GROUPS, STATUSES } from "./manual/model.js";
import { type Paint, paintFor } from "./output.js";
import { suggestion } from "./words.js";

const WIDTH = 80;

/** Breaks a paragraph into lines of at most 80 columns. */
function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each) => " ".repeat(indent) + each);
}

/** Two columns: terms, and what they mean beside them or, where they are long, below. */
function terms(pairs: readonly (readonly [string, string])[], width: number): string[] {
  return pairs.flatMap(([term, text]) => {
    const lines = wrap(text, width);
    const first = lines[0] ?? "";
    if (term.length + 4 > width) return [`  ${term}`, ...lines];
    return [`  ${term.padEnd(width - 2)}${first.trimStart()}`, ...lines.slice(1)];
  });
}

function overview(paint: Paint): string {
  const lines = ["Jails of FreeBSD, on any machine: where there are none, a simulated kernel answers.", ""];
  lines.push(
    `${paint.bold("usage:")} bsdjail COMMAND [ARGUMENT ...]`,
    "       bsdjail COMMAND --help",
    "       bsdjail --version",
  );
  for (const [group, title] of Object.entries(GROUPS)) {
    const members = MANUALS.filter((manual) => manual.group === group);
    if (members.length === 0) continue;
    lines.push(
      "",
      paint.bold(title),
      ...terms(
        members.map((manual) => [manual.name, manual.summary]),
        15,
      ),
    );
  }
  const variables: [string, string][] = [
    ["BSDJAIL_KERNEL", '"native": the kernel of this machine; "simulated": the simulated one, without a word about it'],
    ["BSDJAIL_STATE", "the file that holds the simulated machine; else in the user's state directory (XDG_STATE_HOME)"],
    ["NO_COLOR, FORCE_COLOR", "never, always colours"],
  ];
  lines.push("", paint.bold("Environment"), ...terms(variables, 25));
  lines.push(
    "",
    paint.bold("Exit status"),
    ...terms(
      STATUSES.map(({ status, text }) => [status, text]),
      8,
    ),
  );
  return `${lines.join("\n")}\n`;
}

/** The help of one command. */
export function helpText(manual: CommandManual, paint: Paint): string {
  const lines = [`bsdjail ${manual.name} - ${manual.summary}`, ""];
  manual.usage.forEach((usage, at) => {
    lines.push(`${at === 0 ? paint.bold("usage:") : "      "} bsdjail ${manual.name} ${usage}`);
  });
  if (manual.options.length > 0) {
    const pairs = manual.options.map((option): [string, string] => [
      option.value === undefined ? option.flags : `${option.flags} ${option.value}`,
      option.text,
    ]);
    lines.push("", paint.bold("Options"), ...terms(pairs, 30));
  }
  for (const note of manual.notes ?? []) lines.push("", ...wrap(note, 0));
  lines.push("", paint.bold(manual.examples.length === 1 ? "Example" : "Examples"));
  for (const example of manual.examples) lines.push(`  ${example.line}`, `      ${paint.dim(example.text)}`);
  if (!manual.base) {
    const statuses = [...STATUSES, ...(manual.statuses ?? [])];
    lines.push(
      "",
      paint.bold("Exit status"),
      ...terms(
        statuses.map(({ status, text }) => [status, text]),
        8,
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Whether a word is one of our commands, which answer `--help`. */
export function knowsHelp(name: string): boolean {
  const manual = manualOf(name);
  return manual !== undefined && !manual.base;
}

/** `bsdjail help`, and whatever is not a command. */
export async function helpCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const words = argv[0] === "help" ? argv.slice(1) : argv;
  const [name] = words;
  const paint = paintFor(io, io.stdout);
  if (name === "--version" || name === "-V") {
    const { version } = require("../../package.json") as { version: string };
    io.stdout.write(`bsdjail ${version}\n`);
    return STATUS_OK;
  }
  if (name === undefined || name === "--help" || name === "-h") {
    const asked = name !== undefined || argv[0] === "help";
    (asked ? io.stdout : io.stderr).write(overview(asked ? paint : paintFor(io, io.stderr)));
    return asked ? STATUS_OK : STATUS_USAGE;
  }
  const manual = manualOf(name);
  if (manual !== undefined) {
    io.stdout.write(helpText(manual, paint));
    return STATUS_OK;
  }
  const known = [...Object.keys(COMMANDS), ...Object.keys(BASE_COMMANDS), "help"];
  const kind = name.startsWith("-") ? "option" : "command";
  const failure = usageFailure(
    `unknown ${kind} "${name}"${suggestion(name, known)}`,
    '"bsdjail help" lists the commands.',
  );
  return reportFailure(io, "", failure, words.includes("--json"));
}

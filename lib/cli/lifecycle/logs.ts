import type { LogLine, LogOptions } from "../../lifecycle/logs/read.js";
import { CliFailure, STATUS_OK, usageFailure } from "../failure.js";
import { interruptible } from "../interrupt.js";
import type { CliIo } from "../io.js";
import { type Paint, paintFor, printable, writeJson } from "../output.js";
import { seconds } from "../seconds.js";
import { runVerb } from "../verbs/run.js";
import { suggestion } from "../words.js";
import { FILE_OPTION, type LifecycleContext, openJails } from "./open.js";

const OPTIONS = {
  ...FILE_OPTION,
  follow: { type: "boolean", short: "F" },
  since: { type: "string" },
} as const;

/** `bsdjail logs JAIL ...`: what the commands of jails wrote, by step, with their console logs. */
export function logsCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("logs", argv, io, OPTIONS, async (verb, { operands, options }) => {
    if (operands.length === 0) throw usageFailure("a jail is missing");
    const context = openJails(verb, options.file);
    const since = options.since === undefined ? undefined : sinceTime(options.since, Date.now());
    await checkKnown(context, operands);
    const paint = paintFor(io, io.stdout);
    const show = (line: LogLine) => {
      if (verb.json) writeJson(io.stdout, line);
      else io.stdout.write(lineText(line, operands.length > 1, paint));
    };
    if (options.follow) return follow(context, operands, since, show);
    const lines: LogLine[] = [];
    for (const name of operands) {
      for await (const line of context.lifecycle.logs(name, context.definitions, { since })) {
        if (operands.length === 1) show(line);
        else lines.push(line);
      }
    }
    for (const line of lines.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))) show(line);
    return STATUS_OK;
  });
}

/** Until an interrupt, which is the way to end it. */
function follow(
  { lifecycle, definitions }: LifecycleContext,
  names: readonly string[],
  since: number | undefined,
  show: (line: LogLine) => void,
): Promise<number> {
  return interruptible(async (signal) => {
    const options: LogOptions = { since, follow: true, signal };
    try {
      await Promise.all(
        names.map(async (name) => {
          for await (const line of lifecycle.logs(name, definitions, options)) show(line);
        }),
      );
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
    return STATUS_OK;
  });
}

async function checkKnown({ lifecycle, definitions }: LifecycleContext, operands: readonly string[]): Promise<void> {
  const names = (await lifecycle.status(definitions)).map(({ name }) => name);
  for (const name of operands) {
    if (names.includes(name) || (await lifecycle.remembers(name))) continue;
    throw new CliFailure(`no jail "${printable(name)}"${suggestion(name, names)}`, {
      code: "ENOENT",
      hint: "`bsdjail status` shows all that are defined, recorded or there.",
    });
  }
}

/** A point in time: how long ago (`10m`), or a date that Date reads. @throws CliFailure */
function sinceTime(text: string, now: number): number {
  if (/^[0-9.]+[smhd]?$/.test(text)) return now - seconds("--since", text) * 1000;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw usageFailure(`--since is "${text}"`, "It takes how long ago (10m, 2h, 1d), or a time (2026-11-26T02:04).");
}

function lineText({ at, jail, step, stream, text }: LogLine, several: boolean, paint: Paint): string {
  const time = at === undefined ? " ".repeat(19) : localTime(at);
  const words =
    stream === "note"
      ? paint.red(printable(text))
      : stream === "stderr"
        ? paint.yellow(printable(text))
        : printable(text);
  const label = `${several ? `${printable(jail)} ` : ""}${step.padEnd(14)}`;
  return `${paint.dim(time)}  ${paint.bold(label)}  ${words}`.trimEnd().concat("\n");
}

/** `2026-11-26 02:04:45` in this machine's time zone. */
function localTime(at: number): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

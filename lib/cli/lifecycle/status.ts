import { stepLabel } from "../../lifecycle/quote.js";
import type { JailStatus } from "../../lifecycle/why/status.js";
import { CliFailure, STATUS_OK } from "../failure.js";
import type { CliIo } from "../io.js";
import { type Paint, paintFor, printable, table, writeJson } from "../output.js";
import { runVerb } from "../verbs/run.js";
import { suggestion } from "../words.js";
import { confProblem, FILE_OPTION, openJails } from "./open.js";
import { duration } from "./words.js";

/** A jail that was named is not up. */
const STATUS_NOT_UP = 3;

/** What ledger and kernel say together, where that is not plain. */
const SITUATIONS: Partial<Record<JailStatus["situation"], string>> = {
  damaged: "its ledger has lost lines: bsdjail recover",
  foreign: "started by others",
  rebooted: "it went with the last boot",
  "half up": "a start was cut off: bsdjail recover",
  "half down": "a stop was cut off: bsdjail recover",
  "stopped by others": "stopped without bsdjail: bsdjail recover",
  remains: "something of it is left: bsdjail recover",
  replaced: "another jail has its name",
  unreadable: "its ledger cannot be read by us",
};

/** What is told of a jail in one line. */
function statusNote({ situation, busy, last, defined, state }: JailStatus): string {
  const failed = last?.state === "failed" || last?.state === "aborted" ? last : undefined;
  const [step] = failed?.failed ?? [];
  const what = { up: "start", down: "stop", update: "update" }[failed?.purpose ?? "up"];
  return [
    ...(busy === undefined ? [] : [`${busy}, now`]),
    ...[busy === undefined ? (SITUATIONS[situation] ?? []) : []].flat(),
    ...(failed === undefined || busy !== undefined
      ? []
      : [
          `its last ${what} ${failed.state === "aborted" ? "was stopped" : "failed"}${step === undefined ? "" : ` in ${stepLabel(step.step, step.direction)}`}`,
        ]),
    ...(defined || state === "down" ? [] : ["not defined"]),
  ].join("; ");
}

/** `bsdjail status [JAIL ...]`: every jail that is defined, recorded or there, and how it stands. */
export function statusCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("status", argv, io, FILE_OPTION, async (verb, { operands, options }) => {
    const context = openJails(verb, options.file);
    const all = await context.lifecycle.status(context.definitions);
    const names = all.map(({ name }) => name);
    for (const name of operands) {
      if (names.includes(name)) continue;
      throw new CliFailure(`no jail "${printable(name)}"${suggestion(name, names)}`, { code: "ENOENT" });
    }
    const rows = operands.length === 0 ? all : all.filter(({ name }) => operands.includes(name));
    if (verb.json) writeJson(io.stdout, { kernel: verb.kernel, jails: rows });
    else {
      io.stdout.write(statusText(rows, paintFor(io, io.stdout), Date.now()));
      if (operands.length === 0) {
        for (const problem of context.problems) {
          if (problem.place !== undefined) io.stderr.write(`bsdjail: ${confProblem(problem)}\n`);
        }
      }
    }
    const down = operands.length > 0 && rows.some(({ state }) => state !== "up");
    return down ? STATUS_NOT_UP : STATUS_OK;
  });
}

function statusText(rows: readonly JailStatus[], paint: Paint, now: number): string {
  if (rows.length === 0) return "no jail is defined, recorded or there\n";
  const columns = [
    { title: "NAME" },
    { title: "STATE" },
    { title: "JID", right: true },
    { title: "UP FOR" },
    { title: "ABOUT" },
  ];
  const cells = rows.map((row) => [
    row.name,
    row.state,
    row.jid === undefined ? "-" : String(row.jid),
    row.since === undefined ? "-" : duration(Math.max(0, now - row.since)).replace(/\.\d+ s/, " s"),
    statusNote(row),
  ]);
  const colours = { up: paint.green, dying: paint.yellow, down: paint.dim };
  const lines = table(columns, cells, paint).split("\n");
  // A colour takes no room in the table.
  return lines
    .map((line, at) => {
      const row = rows[at - 1];
      if (row === undefined) return line;
      const after = line.indexOf(row.state, printable(row.name).length);
      return line.slice(0, after) + colours[row.state](row.state) + line.slice(after + row.state.length);
    })
    .join("\n");
}

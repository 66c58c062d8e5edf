import { CliFailure, usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { paintFor, printable, table, writeJson } from "../output.js";
import { nearest } from "../words.js";
import { runVerb } from "./run.js";
import { jsonValue, plainValue } from "./settings.js";

const DEFAULT = ["jid", "name", "ip4.addr", "ip6.addr", "host.hostname", "path"];

type Row = Readonly<Record<string, unknown>>;

/** `bsdjail list [-o PARAMETER,...] [JAIL ...]` */
export function listCommand(argv: string[], io: CliIo): Promise<number> {
  const specs = {
    output: { type: "string", short: "o", multiple: true },
    all: { type: "boolean", short: "a" },
    quiet: { type: "boolean", short: "q" },
  } as const;
  return runVerb("list", argv, io, specs, async ({ host, json, kernel }, { operands, options }) => {
    const every = (): string[] => Array.from(host.parameters, (parameter) => parameter.name).sort();
    const asked = options.output.flatMap((list) => list.split(",")).filter((name) => name !== "");
    if (options.output.length > 0 && asked.length === 0) throw usageFailure("--output names no parameter");
    const wanted = asked.flatMap((name) => (name === "all" ? every() : [name]));
    const present = DEFAULT.filter((name) => host.parameters.get(name) !== undefined);
    const names = [...new Set(wanted.length > 0 ? wanted : present)];
    const found = (await host.list([...new Set([...names, "jid", "name"])], { dying: options.all })) as Row[];
    const rows = operands.length === 0 ? found : chosen(found, operands);
    if (json) {
      const jails = rows.map((row) => Object.fromEntries(names.map((name) => [name, jsonValue(row[name])])));
      writeJson(io.stdout, { kernel, jails });
      return;
    }
    const lines = wanted.length > 0 ? columnsOf(names, rows) : summary(rows);
    if (options.quiet) io.stdout.write(lines.rows.map((row) => `${row.map(printable).join("\t")}\n`).join(""));
    else io.stdout.write(table(lines.columns, lines.rows, paintFor(io, io.stdout)));
  });
}

/** Jails by name or jid, in the order asked for. @throws CliFailure for one that does not run */
function chosen(rows: readonly Row[], jails: readonly string[]): Row[] {
  return jails.map((jail) => {
    const row = rows.find(({ jid, name }) => String(jid) === jail || name === jail);
    if (row !== undefined) return row;
    const near = nearest(
      jail,
      rows.map(({ name }) => String(name)),
    );
    throw new CliFailure(`jail "${jail}" not found`, {
      code: "ENOENT",
      hint: near === undefined ? undefined : `Did you mean "${near}"?`,
    });
  });
}

function columnsOf(names: readonly string[], rows: readonly Row[]) {
  const numeric = (name: string): boolean => rows.length > 0 && rows.every((row) => typeof row[name] === "number");
  return {
    columns: names.map((name) => ({ title: name.toUpperCase(), right: numeric(name) })),
    rows: rows.map((row) => names.map((name) => plainValue(row[name]))),
  };
}

function summary(rows: readonly Row[]) {
  return {
    columns: [
      { title: "JID", right: true },
      { title: "NAME" },
      { title: "ADDRESSES" },
      { title: "HOSTNAME" },
      { title: "PATH" },
    ],
    rows: rows.map((row) => [
      plainValue(row.jid),
      plainValue(row.name),
      [plainValue(row["ip4.addr"]), plainValue(row["ip6.addr"])].filter((text) => text !== "").join(",") || "-",
      plainValue(row["host.hostname"]) || "-",
      plainValue(row.path),
    ]),
  };
}

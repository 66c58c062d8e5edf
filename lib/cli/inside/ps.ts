import type { JailHost } from "../../host.js";
import type { JailProcess } from "../../processes/list.js";
import type { CliIo } from "../io.js";
import { paintFor, table, writeJson } from "../output.js";
import { runVerb } from "../verbs/run.js";

/** A process, with its jail's name. */
interface Shown extends JailProcess {
  readonly jail: string;
}

/** `bsdjail ps [-c] [JAIL ...]`: the processes of these jails, or of all. */
export function psCommand(argv: string[], io: CliIo): Promise<number> {
  const specs = { children: { type: "boolean", short: "c" }, quiet: { type: "boolean", short: "q" } } as const;
  return runVerb("ps", argv, io, specs, async ({ host, json, kernel }, { operands, options }) => {
    const processes = await processesOf(host, operands, options.children);
    if (json) {
      writeJson(io.stdout, { kernel, processes: processes.map(plain) });
      return;
    }
    const rows = processes.map(({ jail, pid, user, started, command }) => [
      jail,
      String(pid),
      user,
      startedText(started, new Date()),
      command,
    ]);
    if (options.quiet) {
      io.stdout.write(processes.map(({ pid }) => `${pid}\n`).join(""));
      return;
    }
    const columns = [
      { title: "JAIL" },
      { title: "PID", right: true },
      { title: "USER" },
      { title: "STARTED" },
      { title: "COMMAND" },
    ];
    io.stdout.write(table(columns, rows, paintFor(io, io.stdout)));
  });
}

/** A process as JSON has it. */
export function plain({ started, ...process }: JailProcess): Record<string, unknown> {
  return { ...process, started: started.toISOString() };
}

async function processesOf(host: JailHost, names: readonly string[], children: boolean): Promise<Shown[]> {
  const rows = await host.list(["jid", "name"]);
  const nameOf = (jid: number) => rows.find((row) => row.jid === jid)?.name ?? String(jid);
  const jails = names.length === 0 ? rows.map(({ name }) => name) : [...new Set(names)];
  const found = new Map<number, JailProcess>();
  for (const name of jails) {
    const jail = await host.open(name);
    for (const process of await jail.processes({ children })) found.set(process.pid, process);
    jail[Symbol.dispose]();
  }
  return [...found.values()]
    .map((process) => ({ ...process, jail: nameOf(process.jid) }))
    .sort((a, b) => (a.jail < b.jail ? -1 : a.jail > b.jail ? 1 : a.pid - b.pid));
}

/** The time of a day, or the day where that is another one; both are local. */
function startedText(started: Date, now: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  if (started.toDateString() === now.toDateString())
    return [started.getHours(), started.getMinutes(), started.getSeconds()].map(two).join(":");
  return [started.getFullYear(), started.getMonth() + 1, started.getDate()].map(two).join("-");
}

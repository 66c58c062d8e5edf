import { constants } from "node:os";
import type { Jail } from "../../jail.js";
import type { JailProcess } from "../../processes/list.js";
import { usageFailure } from "../failure.js";
import { interruptible } from "../interrupt.js";
import type { CliIo } from "../io.js";
import { printable, writeJson } from "../output.js";
import { seconds } from "../seconds.js";
import { runVerb } from "../verbs/run.js";
import { suggestion } from "../words.js";
import { plain } from "./ps.js";

const OPTIONS = {
  signal: { type: "string", short: "s" },
  children: { type: "boolean", short: "c" },
  timeout: { type: "string", short: "t" },
} as const;

/** What became of a jail's processes. */
interface Killed {
  readonly signalled: readonly JailProcess[];
  /** Those that did not end within the time given, and were killed. */
  readonly killed: readonly JailProcess[];
}

/** `bsdjail kill [-s SIGNAL | -t SECONDS] [-c] JAIL ...`: signals the processes of jails, which stay. */
export function killCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("kill", argv, io, OPTIONS, async ({ host, json, kernel }, { operands, options }) => {
    if (operands.length === 0) throw usageFailure("no jail named", "Such as: bsdjail kill web");
    if (options.signal !== undefined && options.timeout !== undefined)
      throw usageFailure("--signal and --timeout exclude each other", "--timeout sends TERM, and then KILL.");
    const signal = signalOf(options.signal ?? "TERM");
    const timeout = options.timeout === undefined ? undefined : seconds("--timeout", options.timeout) * 1000;
    const { children } = options;
    // All of them are there before the first process is told.
    const jails: Jail[] = [];
    for (const name of new Set(operands)) jails.push(await host.open(name));
    for (const jail of jails) {
      const { signalled, killed } = await interruptible((abort) => end(jail, signal, timeout, children, abort));
      const { jid, name } = jail;
      if (json) {
        const told = { signal: timeout === undefined ? signal : "SIGTERM", signalled: signalled.map(plain) };
        writeJson(io.stdout, { kernel, jid, jail: name, ...told, killed: killed.map(plain) });
        continue;
      }
      if (signalled.length + killed.length === 0) io.stdout.write(`${printable(name)}: no processes\n`);
      const line = (verb: string) => (process: JailProcess) =>
        io.stdout.write(`${printable(name)}: ${verb} ${process.pid} ${printable(process.command)}\n`);
      signalled.forEach(line(timeout === undefined ? signal.slice(3).toLowerCase() : "ended"));
      killed.forEach(line("killed"));
    }
  });
}

async function end(
  jail: Jail,
  signal: NodeJS.Signals,
  timeout: number | undefined,
  children: boolean,
  abort: AbortSignal,
): Promise<Killed> {
  if (timeout === undefined) return { signalled: await jail.kill(signal, { children, signal: abort }), killed: [] };
  const { terminated, killed } = await jail.stop({ timeout, children, signal: abort });
  return { signalled: terminated, killed };
}

/** `TERM`, `SIGTERM`, `term` or `15`. */
function signalOf(word: string): NodeJS.Signals {
  const names = Object.keys(constants.signals);
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === word)?.[0];
  const upper = word.toUpperCase();
  const name = byNumber ?? (upper.startsWith("SIG") ? upper : `SIG${upper}`);
  if (names.includes(name)) return name as NodeJS.Signals;
  throw usageFailure(`--signal cannot be "${printable(word)}"${suggestion(name, names)}`, "Such as: TERM, KILL, HUP.");
}

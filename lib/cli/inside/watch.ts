import type { WatchEvent } from "../../watch/event.js";
import { STATUS_OK, usageFailure } from "../failure.js";
import { interruptible } from "../interrupt.js";
import type { CliIo } from "../io.js";
import { type Paint, paintFor, printable, writeJson } from "../output.js";
import { seconds } from "../seconds.js";
import { runVerb } from "../verbs/run.js";

/** `bsdjail watch [--interval SECONDS] [JAIL]`: what happens to jails, a line each, until an interrupt. */
export function watchCommand(argv: string[], io: CliIo): Promise<number> {
  const specs = { interval: { type: "string" } } as const;
  return runVerb("watch", argv, io, specs, async ({ host, json, kernel }, { operands, options }) => {
    const [name, ...more] = operands;
    if (more.length > 0) throw usageFailure("at most one jail is watched at a time", "Without one, all are.");
    const interval =
      options.interval === undefined
        ? undefined
        : Math.max(1, Math.round(seconds("--interval", options.interval) * 1000));
    const jail = name === undefined ? undefined : await host.open(name);
    const paint = paintFor(io, io.stdout);
    return interruptible(async (signal) => {
      for await (const event of (jail ?? host).watch({ signal, interval })) {
        if (json) writeJson(io.stdout, { kernel, ...event });
        else io.stdout.write(line(event, paint));
      }
      return STATUS_OK;
    });
  });
}

function line(event: WatchEvent, paint: Paint): string {
  const time = paint.dim(new Date().toISOString());
  if (event.type === "resync") {
    const parts = (["created", "updated", "removed", "gone"] as const).flatMap((what) =>
      event[what].length === 0 ? [] : [`${what} ${event[what].map(({ name }) => printable(name)).join(", ")}`],
    );
    const why = event.reason === "behind" ? "events were dropped" : "events were put together by the kernel";
    return `${time} ${paint.yellow("resync")} ${why}${parts.length > 0 ? `: ${parts.join("; ")}` : ""}\n`;
  }
  const about = [
    ...(event.type === "attached" ? [event.pid === undefined ? "several processes" : `pid ${event.pid}`] : []),
    ...(event.type === "updated" && event.previousName !== undefined ? [`was ${printable(event.previousName)}`] : []),
    ...(event.type === "exists" && event.dying ? ["dying"] : []),
  ];
  const shown = { created: paint.green, removed: paint.red, gone: paint.red }[event.type as string] ?? ((text) => text);
  return `${time} ${shown(event.type)} ${printable(event.name)}, ${[`jid ${event.jid}`, ...about].join(", ")}\n`;
}

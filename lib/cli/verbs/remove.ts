import { JailStateError } from "../../errors.js";
import type { JailHost } from "../../host.js";
import { usageFailure } from "../failure.js";
import { interruptible } from "../interrupt.js";
import type { CliIo } from "../io.js";
import { printable, writeJson } from "../output.js";
import { runVerb } from "./run.js";

const DEFAULT_SECONDS = 10;

/** `bsdjail remove [--timeout SECONDS] [--no-wait] JAIL ...` */
export function removeCommand(argv: string[], io: CliIo): Promise<number> {
  const specs = { timeout: { type: "string", short: "t" }, "no-wait": { type: "boolean" } } as const;
  return runVerb("remove", argv, io, specs, async ({ host, json, kernel }, { operands, options }) => {
    if (operands.length === 0) throw usageFailure("no jail named", "Such as: bsdjail remove web");
    const seconds = options.timeout === undefined ? DEFAULT_SECONDS : Number(options.timeout);
    if (!Number.isFinite(seconds) || seconds < 0 || options.timeout === "") {
      throw usageFailure(`--timeout cannot be "${options.timeout}": it is a number of seconds`);
    }
    const timeout = options["no-wait"] ? 0 : seconds * 1000;
    // All of them are there before the first one goes.
    const jails = [];
    for (const name of new Set(operands)) jails.push(await host.open(name));
    for (const jail of jails) {
      const { jid, name } = jail;
      const gone = await interruptible((signal) => removed(jail, timeout, options["no-wait"], signal));
      const event = gone ? "removed" : "removing";
      if (json) writeJson(io.stdout, { kernel, event, jid, name });
      else io.stdout.write(`${event} ${printable(name)}, jid ${jid}\n`);
    }
  });
}

async function removed(
  jail: Awaited<ReturnType<JailHost["open"]>>,
  timeout: number,
  lenient: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await jail.remove({ timeout, signal });
    return true;
  } catch (thrown) {
    if (lenient && thrown instanceof JailStateError && thrown.code === "ERR_JAIL_LINGERS") return false;
    throw thrown;
  }
}

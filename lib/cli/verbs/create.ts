import { usageFailure } from "../failure.js";
import { interruptible } from "../interrupt.js";
import type { CliIo } from "../io.js";
import { printable, writeJson } from "../output.js";
import { runVerb } from "./run.js";
import { parseSettings } from "./settings.js";

/** `bsdjail create PARAMETER[=VALUE] ...` */
export function createCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("create", argv, io, {}, async ({ host, json, kernel }, { operands }) => {
    if (operands.length === 0) {
      throw usageFailure("no parameters", "Such as: bsdjail create name=web path=/jails/web");
    }
    const settings = parseSettings(operands, host.parameters);
    if (settings.nopersist === true) settings.persist = false;
    delete settings.nopersist;
    const jail = await interruptible((signal) => host.create(settings, { signal }));
    if (json) writeJson(io.stdout, { kernel, event: "created", jid: jail.jid, name: jail.name });
    else io.stdout.write(`created ${printable(jail.name)}, jid ${jail.jid}\n`);
  });
}

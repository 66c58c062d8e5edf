import { usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { printable, writeJson } from "../output.js";
import { runVerb } from "./run.js";
import { parseSettings } from "./settings.js";

/** `bsdjail set JAIL PARAMETER[=VALUE] ...` */
export function setCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("set", argv, io, {}, async ({ host, json, kernel }, { operands }) => {
    const [name, ...words] = operands;
    if (name === undefined) throw usageFailure("no jail named", "Such as: bsdjail set web allow.mount");
    if (words.length === 0) throw usageFailure("nothing to set", `Such as: bsdjail set ${name} allow.mount`);
    const settings = parseSettings(words, host.parameters);
    using jail = await host.open(name);
    await jail.update(settings);
    if (json) writeJson(io.stdout, { kernel, event: "updated", jid: jail.jid, name: jail.name });
    else io.stdout.write(`updated ${printable(jail.name)}, jid ${jail.jid}\n`);
  });
}

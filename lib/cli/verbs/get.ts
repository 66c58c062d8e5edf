import { usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { isTerminal, printable, writeJson, writeText } from "../output.js";
import { runVerb } from "./run.js";
import { formatSetting, jsonValue, plainValue } from "./settings.js";

/** `bsdjail get JAIL [PARAMETER ...]` */
export function getCommand(argv: string[], io: CliIo): Promise<number> {
  const specs = { value: { type: "boolean", short: "v" } } as const;
  return runVerb("get", argv, io, specs, async ({ host, json, kernel }, { operands, options }) => {
    const [name, ...names] = operands;
    if (name === undefined) throw usageFailure("no jail named", "Such as: bsdjail get web host.hostname");
    using jail = await host.open(name);
    const wanted = names.length > 0 ? names : Array.from(host.parameters, (parameter) => parameter.name).sort();
    const values = (await jail.get(wanted)) as Record<string, unknown>;
    if (json) {
      const parameters = Object.fromEntries(wanted.map((each) => [each, jsonValue(values[each])]));
      writeJson(io.stdout, { kernel, jid: jail.jid, name: jail.name, parameters });
      return;
    }
    // A program that asks for one value alone gets it as it is; among others it could pass for more than one.
    const raw = options.value && wanted.length === 1 && !isTerminal(io.stdout);
    for (const each of wanted) {
      const text = options.value ? plainValue(values[each]) : formatSetting(each, values[each]);
      if (text !== undefined) writeText(io.stdout, `${raw ? text : printable(text)}\n`);
    }
  });
}

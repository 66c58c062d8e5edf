import type { Why } from "../../lifecycle/why/why.js";
import { CliFailure, usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { type Paint, paintFor, printable, writeJson } from "../output.js";
import { runVerb } from "../verbs/run.js";
import { suggestion } from "../words.js";
import { FILE_OPTION, openJails } from "./open.js";

/** `bsdjail why JAIL`: why it does not start, does not stop, is not gone, or differs from its definition. */
export function whyCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("why", argv, io, FILE_OPTION, async (verb, { operands, options }) => {
    const [name, ...more] = operands;
    if (name === undefined || more.length > 0) throw usageFailure("one jail, please");
    const { lifecycle, definitions } = openJails(verb, options.file);
    const names = (await lifecycle.status(definitions)).map((row) => row.name);
    const why = await lifecycle.why(name, definitions);
    if (!names.includes(name) && why.findings.every(({ cause }) => cause === "there is no such jail")) {
      throw new CliFailure(`no jail "${printable(name)}" is defined, recorded or there${suggestion(name, names)}`, {
        code: "ENOENT",
      });
    }
    if (verb.json) writeJson(io.stdout, why);
    else io.stdout.write(whyText(why, paintFor(io, io.stdout)));
  });
}

function whyText({ jail, state, findings }: Why, paint: Paint): string {
  const lines = [`${paint.bold(printable(jail))} is ${state}`];
  for (const { about, cause, shows, helps } of findings) {
    const mark = about === "fine" ? paint.green(about) : paint.yellow(about);
    lines.push("", `  ${mark}: ${printable(cause)}`, `    ${paint.dim("shown by")}  ${printable(shows)}`);
    lines.push(`    ${paint.dim("what helps")}  ${printable(helps)}`);
  }
  return `${lines.join("\n")}\n`;
}

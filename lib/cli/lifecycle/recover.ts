import type { CliIo } from "../io.js";
import { runVerb } from "../verbs/run.js";
import { openLifecycleOnly } from "./open.js";
import { RUN_OPTIONS, runningOptions, showRun } from "./run.js";

/** `bsdjail recover [JAIL ...]`: finishes or takes back what was cut off. */
export function recoverCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("recover", argv, io, RUN_OPTIONS, async (verb, { operands, options }) => {
    const lifecycle = openLifecycleOnly(verb);
    const running = { ...runningOptions(options), ...(operands.length === 0 ? {} : { only: operands }) };
    const names = operands.length > 0 ? operands : (await lifecycle.status()).map(({ name }) => name);
    const shown = { json: verb.json, names, verbose: options.verbose, timings: options.timings };
    return showRun(io, shown, (signal) => lifecycle.recover({ ...running, signal }));
  });
}

import type { CliIo } from "../io.js";
import { runVerb } from "../verbs/run.js";
import { stoppable } from "./down.js";
import { checkConfiguration, FILE_OPTION, openJails } from "./open.js";
import { RUN_OPTIONS, runningOptions, showRun } from "./run.js";

const OPTIONS = { ...FILE_OPTION, ...RUN_OPTIONS, force: { type: "boolean" } } as const;

/** `bsdjail restart [JAIL ...]`: stops jails and those that need them, and starts all of them again. */
export function restartCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("restart", argv, io, OPTIONS, async (verb, { operands, options }) => {
    const context = openJails(verb, options.file);
    const only = await stoppable(context, operands, false);
    // What is stopped here has to start again.
    checkConfiguration(context, only);
    const running = { ...runningOptions(options), only, force: options.force };
    const { json } = verb;
    return showRun(io, { json, names: only, verbose: options.verbose, timings: options.timings }, (signal) =>
      context.lifecycle.restart(context.definitions, { ...running, signal }),
    );
  });
}

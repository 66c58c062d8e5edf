import { JailHost } from "../../host.js";
import { type Arguments, asksForJson, COMMON_OPTIONS, type OptionSpec, parseArguments } from "../args.js";
import { CliFailure, reportFailure, STATUS_OK } from "../failure.js";
import type { CliIo } from "../io.js";
import { notifier, openKernel } from "../state.js";
import { explain } from "./explain.js";

/** What a command on the jails of one host works with. */
export interface VerbContext {
  readonly io: CliIo;
  readonly host: JailHost;
  /** Which kernel answers, as JSON output names it. */
  readonly kernel: "freebsd" | "dragonfly" | "simulated";
  readonly json: boolean;
}

/** A command's own options and those of all. */
export type VerbArguments<T extends Record<string, OptionSpec>> = Arguments<T & typeof COMMON_OPTIONS>;

/** Opens the jails of this machine, or those of the simulated one. @throws CliFailure */
export function openHost(io: CliIo, json: boolean): VerbContext {
  const openers = { native: () => JailHost.native(), simulated: JailHost.simulated };
  const { value: host, place } = openKernel(io, openers, notifier(io, json));
  return { io, host, json, kernel: place === undefined ? host.kernel.system : "simulated" };
}

/** Runs a command: parses its arguments, opens the jails, and says what went wrong if anything did. */
export async function runVerb<const T extends Record<string, OptionSpec>>(
  name: string,
  argv: readonly string[],
  io: CliIo,
  specs: T,
  body: (context: VerbContext, given: VerbArguments<T>) => Promise<void>,
): Promise<number> {
  const json = asksForJson(argv);
  let context: VerbContext | undefined;
  try {
    const given = parseArguments(argv, { ...specs, ...COMMON_OPTIONS }) as VerbArguments<T>;
    if ((given.options as { help: boolean }).help) {
      const { helpCommand } = await import("../help.js");
      return await helpCommand([name], io);
    }
    context = openHost(io, json);
    await body(context, given);
    return STATUS_OK;
  } catch (thrown) {
    const failure = thrown instanceof CliFailure || context === undefined ? thrown : explain(thrown, context.host);
    return reportFailure(io, name, failure, json);
  }
}

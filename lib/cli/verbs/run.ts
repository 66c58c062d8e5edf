import type { RawSimulatedOptions } from "../../binding.js";
import { JailHost } from "../../host.js";
import { type Arguments, asksForJson, COMMON_OPTIONS, type OptionSpec, parseArguments } from "../args.js";
import { CliFailure, reportFailure, STATUS_OK } from "../failure.js";
import type { CliIo } from "../io.js";
import { notifier, openKernel, simulatedCommands } from "../state.js";
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
  const commands = simulatedCommands(io);
  const openers = {
    native: () => JailHost.native(),
    simulated: (options: RawSimulatedOptions) => JailHost.simulated({ ...options, commands }),
  };
  const { value: host, place } = openKernel(io, openers, notifier(io, json));
  return { io, host, json, kernel: place === undefined ? host.kernel.system : "simulated" };
}

/**
 * Runs a command: parses its arguments, opens the jails, and says what went wrong if anything did.
 *
 * @param body resolves with an exit status where it is not 0
 * @param parsing `command`: the first operand ends the options, because another program's words follow it
 */
export async function runVerb<const T extends Record<string, OptionSpec>>(
  name: string,
  argv: readonly string[],
  io: CliIo,
  specs: T,
  body: (context: VerbContext, given: VerbArguments<T>) => Promise<unknown>,
  parsing: { readonly command?: boolean } = {},
): Promise<number> {
  let json = asksForJson(argv, parsing);
  let context: VerbContext | undefined;
  try {
    const given = parseArguments(argv, { ...specs, ...COMMON_OPTIONS }, parsing) as VerbArguments<T>;
    json = (given.options as { json: boolean }).json;
    if ((given.options as { help: boolean }).help) {
      const { helpCommand } = await import("../help.js");
      return await helpCommand([name], io);
    }
    context = openHost(io, json);
    const status = await body(context, given);
    return typeof status === "number" ? status : STATUS_OK;
  } catch (thrown) {
    const failure = thrown instanceof CliFailure || context === undefined ? thrown : explain(thrown, context.host);
    return reportFailure(io, name, failure, json);
  }
}

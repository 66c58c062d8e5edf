import { readFileSync } from "node:fs";
import { type Conf, loadConf, parseConf } from "../../../conf/load.js";
import type { CliIo } from "../../io.js";
import { BaseJail } from "./model.js";
import type { JailRequest } from "./options.js";
import type { Messages } from "./output.js";

/** Reads a configuration file, `-` being standard input. Unlike jail(8), takes what jail.conf(5) documents. */
export function readConfiguration(file: string, io: CliIo, strict: boolean): Conf {
  const options = { cwd: io.cwd, strict };
  return file === "-" ? parseConf({ name: "STDIN", text: readFileSync(0) }, options) : loadConf(file, options);
}

/** The jails of a configuration file; undefined where it cannot be used. What is wrong with it is said. */
export function configuredJails(file: string, io: CliIo, messages: Messages): BaseJail[] | undefined {
  const { jails, problems, baseStopsAfter } = readConfiguration(file, io, false);
  for (const { base } of problems.slice(0, baseStopsAfter)) messages.complain(base);
  if (baseStopsAfter !== undefined) return undefined;
  return jails.map(({ name, parameters, failed }) => {
    const jail = new BaseJail(name);
    for (const { name: parameter, values } of parameters) jail.take(parameter, values);
    jail.flags.failed = failed;
    return jail;
  });
}

/** The jail that the command line describes. A parameter that is given twice and may not be is said. */
export function describedJail(
  { parameters }: JailRequest,
  defaults: JailRequest["parameters"],
  messages: Messages,
): BaseJail {
  const jail = new BaseJail(undefined);
  for (const { name, value } of [...parameters, ...defaults]) {
    const problem = jail.add(name, value === undefined ? [] : [value]);
    if (problem !== undefined) messages.warn(jail, problem);
  }
  return jail;
}

import { readFileSync } from "node:fs";
import { type Conf, loadConf, parseConf, SCANNER_FAILED, SCANNER_STATUS } from "../../../conf/load.js";
import type { CliIo } from "../../io.js";
import { writeText } from "../../output.js";
import { BaseJail } from "./model.js";
import type { JailRequest } from "./options.js";
import type { Messages } from "./output.js";

/** Reads a configuration file, `-` being standard input. Unlike jail(8), takes what jail.conf(5) documents. */
export function readConfiguration(file: string, io: CliIo, strict: boolean): Conf {
  const options = { cwd: io.cwd, strict };
  return file === "-" ? parseConf({ name: "STDIN", text: readFileSync(0) }, options) : loadConf(file, options);
}

/** Says what base finds wrong with a configuration. Returns the status to end with where it cannot be used. */
export function tellProblems({ problems, baseStopsAfter }: Conf, io: CliIo): number | undefined {
  let status = 1;
  for (const { base } of problems.slice(0, baseStopsAfter)) {
    if (base === SCANNER_FAILED) status = SCANNER_STATUS;
    writeText(io.stderr, base === SCANNER_FAILED ? `${base}\n` : `jail: ${base}\n`);
  }
  return baseStopsAfter === undefined ? undefined : status;
}

/** The jails of a configuration file, or the status to end with where it cannot be used. What is wrong is said. */
export function configuredJails(file: string, io: CliIo): BaseJail[] | number {
  const conf = readConfiguration(file, io, false);
  const status = tellProblems(conf, io);
  if (status !== undefined) return status;
  return conf.jails.map(({ name, parameters, failed }) => {
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

import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { codeOf, strerror } from "../../../strerror.js";
import { CliFailure } from "../../failure.js";
import type { CliIo } from "../../io.js";
import { BaseCalls, Refusal } from "../calls.js";
import { type BaseKernel, openBaseKernel } from "../kernel.js";
import { configuredJails, describedJail } from "./configured.js";
import { openAround } from "./machines.js";
import type { BaseJail } from "./model.js";
import { operate } from "./operate.js";
import {
  type GivenParameter,
  type JailArguments,
  type JailRequest,
  notesRemoval,
  parseJailArguments,
  USAGE,
} from "./options.js";
import { jidLine, Messages } from "./output.js";
import type { Work } from "./perform.js";
import { printConfiguration } from "./print.js";
import { Queues } from "./queues.js";
import { choose, settleDependencies } from "./select.js";
import { Waiting } from "./waiting.js";

/** The host's settings that stand for parameters in the old form, and whether they mean the opposite. */
const OLD_DEFAULTS: readonly (readonly [setting: string, parameter: string, opposite: boolean])[] = [
  ["set_hostname_allowed", "allow.set_hostname", false],
  ["sysvipc_allowed", "allow.sysvipc", false],
  ["allow_raw_sockets", "allow.raw_sockets", false],
  ["chflags_allowed", "allow.chflags", false],
  ["mount_allowed", "allow.mount", false],
  ["socket_unixiproute_only", "allow.socket_af", true],
];

/** `jail`: makes, changes and removes jails as FreeBSD's jail(8) does; on DragonFly BSD, as the one there. */
export async function jailCommand(argv: string[], io: CliIo): Promise<number> {
  const parsed = parseJailArguments(argv);
  if (parsed.kind === "print") return printConfiguration(parsed.config, parsed.separator, io);
  let base: BaseKernel;
  try {
    base = openBaseKernel(io);
  } catch (thrown) {
    if (parsed.kind === "usage") return usage(parsed, io);
    if (thrown instanceof CliFailure) return fail(io, thrown.message);
    throw thrown;
  }
  if (base.kernel.system === "dragonfly") {
    const { dragonflyJail } = require("../../dragonfly-jail.js") as typeof import("../../dragonfly-jail.js");
    return dragonflyJail(argv, io);
  }
  if (parsed.kind === "usage") return usage(parsed, io);
  try {
    return await run(parsed.request, base, io);
  } catch (thrown) {
    if (thrown instanceof Refusal) return fail(io, thrown.message);
    throw thrown;
  }
}

function usage({ message }: Extract<JailArguments, { kind: "usage" }>, io: CliIo): number {
  if (message !== undefined) io.stderr.write(`jail: ${message}\n`);
  io.stderr.write(USAGE);
  return 1;
}

function fail(io: CliIo, message: string): number {
  io.stderr.write(`jail: ${message}\n`);
  return 1;
}

async function run(request: JailRequest, base: BaseKernel, io: CliIo): Promise<number> {
  const messages = new Messages(io, request.verbose);
  const calls = await BaseCalls.open(base.kernel);
  const configured = isConfigured(request, io);
  let jails: BaseJail[] | number = [];
  if (configured) jails = configuredJails(request.config, io);
  else if (request.form !== "remove") {
    const defaults = request.form === "old" ? await oldDefaults(calls) : [];
    jails = [describedJail(request, defaults, messages)];
  }
  if (typeof jails === "number") return jails;
  const queues = new Queues({
    warn: (jail, text) => messages.warn(jail, text),
    mentionSkipped: messages.verbose >= 0,
  });
  for (const jail of jails) queues.add(jail);
  const selection = { calls, queues, messages, configured };
  await settleDependencies(selection);
  const chosen = await choose(selection, request);
  const { start, set, stop } = request.operation;
  if (!chosen && (start || set || !stop)) return 1;
  const jidFile = openJidFile(request.jidFile, io);
  if (typeof jidFile === "string") return fail(io, jidFile);
  const { machine, inside } = openAround(base, calls, io);
  const work: Work = {
    ...{ calls, inside, machine, io, messages, queues },
    waiting: new Waiting(queues, machine),
    printJid: request.printJid,
    noteRemoval: notesRemoval(request, configured),
    room: request.parallel,
  };
  const outcome = {
    failed: !chosen,
    dying: request.dying,
    started: (jail: BaseJail) => {
      if (jidFile !== undefined) writeSync(jidFile, jidLine(jail, request.form === "old"));
    },
  };
  await operate(work, outcome);
  if (jidFile !== undefined) closeSync(jidFile);
  return outcome.failed ? 1 : 0;
}

/** Whether a configuration is read: always for its jails, and for a removal where the file is there. */
function isConfigured({ form, config, unconfigured }: JailRequest, io: CliIo): boolean {
  if (form === "config") return true;
  return form === "remove" && !unconfigured && (config === "-" || existsSync(resolve(io.cwd, config)));
}

async function oldDefaults(calls: BaseCalls): Promise<GivenParameter[]> {
  if ((await calls.setting("security.jail.jailed")) !== 0) return [];
  const given: GivenParameter[] = [];
  for (const [setting, name, opposite] of OLD_DEFAULTS) {
    const value = await calls.setting(`security.jail.${setting}`);
    if (value === undefined) continue;
    given.push({ name, value: (value !== 0) !== opposite ? undefined : "false" });
  }
  return given;
}

/** A descriptor, nothing where none was asked for, or why it cannot be opened. */
function openJidFile(path: string | undefined, io: CliIo): number | string | undefined {
  if (path === undefined) return undefined;
  try {
    // An empty name is no file's; resolved, it would be the working directory's.
    return openSync(path === "" ? "" : resolve(io.cwd, path), "w", 0o666);
  } catch (thrown) {
    return `open ${path}: ${strerror(codeOf(thrown))}`;
  }
}

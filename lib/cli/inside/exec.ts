import { DEPENDENT } from "../../exec/entry.js";
import { JailEntryError } from "../../exec/entry-error.js";
import type { JailExecResult } from "../../exec/exec.js";
import { JailCommandError } from "../../exec/exec-error.js";
import type { JailCommandOptions, JailSpawnOptions } from "../../exec/options.js";
import { childProgram } from "../../exec/program.js";
import type { Jail } from "../../jail.js";
import { signalNumber } from "../../strerror.js";
import { become } from "../become.js";
import { CliFailure, usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { isTerminal, printable, writeJson } from "../output.js";
import { simulatedCommands } from "../state.js";
import { runVerb, type VerbContext } from "../verbs/run.js";

/** As env(1) and shells have them: nothing ran, what was there could not be run, it was not there. */
const STATUS_NOT_ENTERED = 125;
const STATUS_CANNOT_RUN = 126;
const STATUS_NOT_FOUND = 127;
const STATUS_SIGNALLED = 128;
/** What --json keeps of each stream. */
const MOST_BYTES = 64 * 1024 * 1024;

const OPTIONS = {
  user: { type: "string", short: "u" },
  "host-user": { type: "string", short: "U" },
  clean: { type: "boolean", short: "c" },
  "inherit-env": { type: "boolean", short: "i" },
  env: { type: "string", short: "e", multiple: true },
  cwd: { type: "string", short: "C" },
  fib: { type: "string", short: "F" },
  tty: { type: "boolean", short: "t" },
  "no-tty": { type: "boolean", short: "T" },
} as const;

/** `bsdjail exec [OPTION ...] JAIL COMMAND [ARGUMENT ...]`: the exit status is the command's. */
export function execCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb(
    "exec",
    argv,
    io,
    OPTIONS,
    async (context, { operands, options }) => {
      const [name, ...words] = operands;
      const [file, ...args] = words[0] === "--" ? words.slice(1) : words;
      if (name === undefined) throw usageFailure("a jail is missing", "Such as: bsdjail exec web uname -a");
      if (file === undefined) throw usageFailure("a command is missing", `Such as: bsdjail exec ${printable(name)} sh`);
      if (options.tty && options["no-tty"]) throw usageFailure("--tty and --no-tty exclude each other");
      const env = variables(options.env);
      const inheritEnv = options["inherit-env"];
      const command: JailCommandOptions = {
        user: options.user,
        hostUser: options["host-user"],
        // Variables on top of a login, unless they are on top of our own.
        clean: options.clean || undefined,
        inheritEnv: inheritEnv || undefined,
        env: Object.keys(env).length > 0 ? env : undefined,
        cwd: options.cwd,
        fib: options.fib === undefined ? undefined : routingTable(options.fib),
      };
      try {
        const jail = await context.host.open(name);
        tellOfSimulation(context, file);
        if (context.json) return await report(context, jail, [file, ...args], login(command));
        const terminal = options.tty || (!options["no-tty"] && isTerminal(io.stdin as never) && isTerminal(io.stdout));
        return await pass(io, jail, [file, ...args], { ...login(command), ...(terminal ? { tty: true } : {}) });
      } catch (thrown) {
        throw withStatus(thrown);
      }
    },
    { command: true },
  );
}

/** With `--env` alone the command still has a login's variables; only the home of its user is left out. */
function login(command: JailCommandOptions): JailCommandOptions {
  if (command.env === undefined || command.clean || command.inheritEnv) return command;
  return { ...command, clean: true, cwd: command.cwd ?? "/" };
}

function variables(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw usageFailure(`--env cannot be "${printable(text)}"`, "It is NAME=VALUE.");
      }
      return [name, value];
    }),
  );
}

function routingTable(text: string): number {
  if (!/^\d+$/.test(text)) throw usageFailure(`--fib cannot be "${printable(text)}": it is a routing table's number`);
  return Number(text);
}

/** A simulated jail runs nothing, or runs it on this very machine: whoever sees no output has to know why. */
function tellOfSimulation({ io, host, json }: VerbContext, file: string): void {
  if (host.simulation === undefined || json) return;
  const really = simulatedCommands(io) === "host";
  io.stderr.write(
    really
      ? `bsdjail: the jail is simulated: ${printable(file)} runs on this machine itself, confined by nothing (BSDJAIL_COMMANDS=host)\n`
      : `bsdjail: the jail is simulated: ${printable(file)} is noted and not run; BSDJAIL_COMMANDS=host runs it on this machine\n`,
  );
}

/** With our own streams: a terminal stays one, and a pipe a pipe. */
async function pass(io: CliIo, jail: Jail, argv: [string, ...string[]], options: JailSpawnOptions): Promise<number> {
  const [file, ...args] = argv;
  const stdio: JailSpawnOptions["stdio"] = io.isProcess ? "inherit" : ["ignore", "pipe", "pipe"];
  // It is no more than we are: whoever kills us means it.
  const spawn = () => jail.spawn(file, args, { ...options, stdio, parentDeathSignal: DEPENDENT });
  return become(() => childProgram(spawn()), io, options.tty !== undefined);
}

async function report(
  { io, host, kernel }: VerbContext,
  jail: Jail,
  argv: [string, ...string[]],
  options: JailCommandOptions,
): Promise<number> {
  const [file, ...args] = argv;
  let result: JailExecResult<string | Buffer>;
  try {
    result = await jail.exec(file, args, { ...options, maxBuffer: MOST_BYTES });
  } catch (thrown) {
    if (!(thrown instanceof JailCommandError)) throw thrown;
    result = thrown;
  }
  const { stdout, stderr, exitCode, signal, durationMs } = result;
  const simulated = host.simulation === undefined ? {} : { simulated: simulatedCommands(io) };
  const { jid, name } = jail;
  writeJson(io.stdout, { kernel, jid, jail: name, argv, ...simulated, exitCode, signal, stdout, stderr, durationMs });
  return signal === null ? (exitCode ?? 1) : STATUS_SIGNALLED + signalNumber(signal);
}

/** What keeps a command from beginning has statuses that no command of sense has. */
function withStatus(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof CliFailure) return thrown;
  const code = thrown instanceof JailEntryError ? thrown.code : undefined;
  const status =
    code === "ERR_JAIL_NO_SUCH_COMMAND"
      ? STATUS_NOT_FOUND
      : code === "ERR_JAIL_CANNOT_RUN"
        ? STATUS_CANNOT_RUN
        : STATUS_NOT_ENTERED;
  return Object.assign(thrown, { status });
}

#!/usr/bin/env node
import { BASE_COMMANDS, COMMANDS, RUNNING } from "./commands.js";
import { type CliIo, processIo } from "./io.js";

/**
 * Runs one command.
 *
 * @param argv the command's name and its arguments
 * @param io what the command may touch
 * @returns the exit status
 */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  const [name = "", ...rest] = argv;
  const base = Object.hasOwn(BASE_COMMANDS, name) ? BASE_COMMANDS[name] : undefined;
  if (base !== undefined) return base()(rest, io);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const help = () => require("./help.js") as typeof import("./help.js");
  if (command === undefined) return help().helpCommand([...argv], io);
  const asked = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (!RUNNING.has(name) && asked.includes("--help") && help().knowsHelp(name)) return help().helpCommand([name], io);
  return command()(rest, io);
}

/**
 * Node 22 and later keep compiled code between runs. Not in the shared temporary folder, which is its default: what
 * others could write there would run as whoever runs us.
 */
function keepCompiledCode(): void {
  const { enableCompileCache } = require("node:module") as { enableCompileCache?: (folder: string) => unknown };
  const { HOME, XDG_CACHE_HOME } = process.env;
  const folder = XDG_CACHE_HOME?.startsWith("/")
    ? XDG_CACHE_HOME
    : HOME?.startsWith("/")
      ? `${HOME}/.cache`
      : undefined;
  if (enableCompileCache === undefined || folder === undefined) return;
  const { statSync } = require("node:fs") as typeof import("node:fs");
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  if (owner === process.geteuid?.()) enableCompileCache(`${folder}/bsdjail`);
}

/**
 * Runs one command with this process's streams and ends with its status once everything is written. What `libexec` calls.
 */
export function runProcess(argv: readonly string[]): void {
  keepCompiledCode();
  const io = processIo();
  main(argv, io).then(
    (status) => {
      process.exitCode = status;
    },
    (thrown: unknown) => {
      const { reportFailure } = require("./failure.js") as typeof import("./failure.js");
      process.exitCode = reportFailure(io, argv[0] ?? "", thrown, argv.includes("--json"));
    },
  );
}

if (require.main === module) runProcess(process.argv.slice(2));

/** The tool: its commands by name, its errors for people. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Cleanup, Interrupted } from "./cleanup.js";
import { clean, fetchAll, list } from "./commands/keeping.js";
import { copy, down, exec, shell, up } from "./commands/machines.js";
import { runMachines } from "./commands/run-machines.js";
import { messageOf, STATUS, UsageError, VmError } from "./errors.js";
import { type CommandName, parseOptions, USAGE } from "./options.js";
import { type Io, Session } from "./session.js";
import { buildDist, buildHere, prebuilt } from "./suite/addon.js";
import { commandPlan } from "./suite/command-plan.js";
import { givenModules, guestModules } from "./suite/modules.js";
import { suitePlan } from "./suite/own-suite.js";

const root = join(__dirname, "../..");

function test(session: Session): Promise<number> {
  const { cache, waits, signal, options } = session;
  const { nodeModules, network, node, parts, rest } = options;
  return runMachines(session, async ({ arch }, say) => {
    await buildDist(root, signal);
    const addon = options.prebuilt ? prebuilt(root, arch) : await buildHere(root, arch, signal, say);
    const modules =
      nodeModules === undefined
        ? await guestModules({ root, arch, cache, network, waits, signal, say })
        : givenModules(resolve(nodeModules));
    return suitePlan({ root, modules, addon, node: node && resolve(node), network, parts, words: rest });
  });
}

function run(session: Session): Promise<number> {
  const { rest, prepare, back, env, root: project } = session.options;
  if (rest.length === 0) throw new UsageError("run: no command; say `run -- ARGV`");
  const text = prepare?.startsWith("@") ? readFileSync(prepare.slice(1), "utf8") : prepare;
  return runMachines(session, async () =>
    commandPlan({ root: project && resolve(project), prepare: text, argv: rest, env, back }),
  );
}

const COMMANDS: Readonly<Record<CommandName, (session: Session) => Promise<number>>> = {
  test,
  run,
  up,
  exec,
  shell,
  copy,
  down,
  clean,
  list,
  fetch: (session) => fetchAll(session, root),
};

function explain(thrown: unknown, io: Io): number {
  const say = (line: string) => io.stderr(`${line}\n`);
  if (thrown instanceof UsageError) {
    say(`vm: ${thrown.message}\n\n${USAGE}`);
    return STATUS.usage;
  }
  if (thrown instanceof Interrupted) {
    say(`vm: ${thrown.message}`);
    return STATUS.interrupted;
  }
  say(`vm: ${thrown instanceof VmError ? thrown.message : ((thrown as Error).stack ?? messageOf(thrown))}`);
  if (thrown instanceof VmError) {
    for (const line of thrown.detail) say(`  | ${line}`);
    if (thrown.hint !== "") say(thrown.hint);
  }
  return STATUS.trouble;
}

/** Runs the tool to its end, its own undoing with it, and returns its exit status. */
export async function runTool(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  if (argv.length === 0 || argv[0] === "help" || argv[0] === "--help") {
    io.stdout(`${USAGE}\n`);
    return argv.length === 0 ? STATUS.usage : 0;
  }
  const cleanup = new Cleanup();
  try {
    const options = parseOptions(argv);
    return await COMMANDS[options.command](new Session(options, env, io, signal, cleanup));
  } catch (thrown) {
    return explain(signal.aborted ? signal.reason : thrown, io);
  } finally {
    for (const problem of await cleanup.run()) io.stderr(`vm: warning: ${problem}\n`);
  }
}

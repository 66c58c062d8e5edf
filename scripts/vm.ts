/**
 * `npm run vm -- COMMAND`: FreeBSD in a virtual machine. Runs this project's suite there (`test`), or another project's
 * commands (`run`), and keeps machines to work on (`up`, `exec`, `shell`, `copy`, `down`). docs/vm.md tells it all.
 */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { abortOnSignals, Cleanup, Interrupted } from "./vm/cleanup.js";
import { clean, fetchAll, list } from "./vm/commands/keeping.js";
import { copy, down, exec, shell, up } from "./vm/commands/machines.js";
import { runMachines } from "./vm/commands/run-machines.js";
import { messageOf, STATUS, UsageError, VmError } from "./vm/errors.js";
import { type CommandName, parseOptions, USAGE } from "./vm/options.js";
import { Session } from "./vm/session.js";
import { buildHere, prebuilt } from "./vm/suite/addon.js";
import { commandPlan } from "./vm/suite/command-plan.js";
import { givenModules, guestModules } from "./vm/suite/modules.js";
import { suitePlan } from "./vm/suite/own-suite.js";

const root = join(__dirname, "..");

function test(session: Session): Promise<number> {
  const { cache, waits, signal, options } = session;
  const { nodeModules, network, node, parts, rest } = options;
  return runMachines(session, async ({ arch }, say) => {
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

function explain(thrown: unknown): number {
  if (thrown instanceof UsageError) {
    console.error(`vm: ${thrown.message}\n\n${USAGE}`);
    return STATUS.usage;
  }
  if (thrown instanceof Interrupted) {
    console.error(`vm: ${thrown.message}`);
    return STATUS.interrupted;
  }
  console.error(`vm: ${thrown instanceof VmError ? thrown.message : ((thrown as Error).stack ?? messageOf(thrown))}`);
  if (thrown instanceof VmError) {
    for (const line of thrown.detail) console.error(`  | ${line}`);
    if (thrown.hint !== "") console.error(thrown.hint);
  }
  return STATUS.trouble;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 0 || argv[0] === "help" || argv.includes("--help")) {
    console.log(USAGE);
    return argv.length === 0 ? STATUS.usage : 0;
  }
  const controller = new AbortController();
  const cleanup = new Cleanup();
  // Machines that this process started end with it, however it ends.
  const stop = abortOnSignals(controller, () => process.exit(STATUS.interrupted));
  try {
    const options = parseOptions(argv);
    return await COMMANDS[options.command](new Session(options, process.env, controller.signal, cleanup));
  } catch (thrown) {
    return explain(controller.signal.aborted ? controller.signal.reason : thrown);
  } finally {
    for (const problem of await cleanup.run()) console.error(`vm: warning: ${problem}`);
    stop();
  }
}

main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

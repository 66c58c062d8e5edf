import type { Machine } from "../../../machine/machine.js";
import { codeOf, signalNumber, strerror } from "../../../strerror.js";
import type { CliIo } from "../../io.js";
import type { BaseCalls } from "../calls.js";
import { isRun, NOT_UNDONE, REVERSED, stepCommand, stepValues } from "./commands.js";
import { createJail } from "./create.js";
import type { Inside } from "./inside.js";
import { launch } from "./launch.js";
import type { BaseJail } from "./model.js";
import type { Messages } from "./output.js";
import { checkPlace } from "./paths.js";
import type { Queues } from "./queues.js";
import type { Waiting } from "./waiting.js";

/** What all steps work with. */
export interface Work {
  readonly calls: BaseCalls;
  readonly inside: Inside;
  readonly machine: Machine;
  readonly io: CliIo;
  readonly messages: Messages;
  readonly queues: Queues;
  readonly waiting: Waiting;
  readonly printJid: boolean;
  readonly noteRemoval: boolean;
  /** How many more commands may run; undefined for any number. */
  room: number | undefined;
}

/** What running a step came to: done at once, something is waited for, or it failed. */
export type Outcome = "done" | "waits" | "failed";

const DEFAULT_STOP_SECONDS = 10;

/** Runs a jail's steps until one has to be waited for. Returns false where it does, true where no step is left. */
export async function runSteps(work: Work, jail: BaseJail): Promise<boolean> {
  if (work.room === 0) {
    if (jail.flags.fromRunnable) work.queues.insert(jail, "runnable", 0);
    else work.queues.move(jail, "runnable");
    return false;
  }
  jail.flags.fromRunnable = false;
  const { stop, failed } = jail.flags;
  const undoing = failed && !stop;
  for (;;) {
    let step = jail.steps?.[jail.step] ?? "";
    let values: readonly string[];
    if (jail.item === undefined) {
      jail.step += undoing ? -1 : 1;
      const next = jail.steps?.[jail.step];
      if (next === undefined) return true;
      step = next;
      values = stepValues(jail, step);
      if (values.length === 0) continue;
      jail.item = undoing || (stop && REVERSED.includes(step)) ? values.length - 1 : 0;
    } else {
      values = stepValues(jail, step);
      const item = jail.item + (undoing || (stop && REVERSED.includes(step)) ? -1 : 1);
      jail.item = item >= 0 && item < values.length ? item : undefined;
    }
    if (jail.item === undefined) continue;
    const value = values[jail.item] ?? "";
    if (!isRun(step, value) || (undoing && NOT_UNDONE.includes(step))) continue;
    const outcome = await runStep(work, jail, step, value);
    if (outcome === "failed") work.queues.fail(jail);
    if (outcome !== "done") return false;
  }
}

/** Takes in how a command ended. Returns false where it failed. */
export function finishStep(work: Work, jail: BaseJail): boolean {
  const { messages, queues } = work;
  if (!jail.flags.waiting) return true;
  jail.flags.waiting = false;
  if (jail.steps?.[jail.step] === "stop.timeout") {
    jail.flags.timedOut = false;
    return true;
  }
  if (work.room !== undefined) work.room++;
  const [next] = queues.in("runnable");
  if (next !== undefined) {
    next.flags.fromRunnable = true;
    queues.move(next, "ready");
  }
  const { status, signal } = jail.ending;
  if (jail.flags.timedOut) messages.warn(jail, `${jail.commandLine}: timed out`);
  else if (signal !== null) messages.warn(jail, `${jail.commandLine}: exited on signal ${signalNumber(signal)}`);
  else if (status !== 0) messages.warn(jail, `${jail.commandLine}: failed`);
  else return true;
  jail.flags.timedOut = false;
  queues.fail(jail);
  return false;
}

async function runStep(work: Work, jail: BaseJail, step: string, value: string): Promise<Outcome> {
  const down = jail.flags.stop || jail.flags.failed;
  if (step === "stop.timeout") return terminate(work, jail);
  if (step === "") return down ? removeJail(work, jail) : makeJail(work, jail);
  const command = stepCommand(jail, step, value, down);
  // What goes to the background does so once: base takes the "&" off the value itself.
  if (value.endsWith("&") && (command === undefined || ("background" in command && command.background))) {
    const { values } = jail.find(step) ?? { values: [] };
    values[jail.item ?? 0] = value.slice(0, -1);
  }
  if (command === undefined) return "done";
  if ("problem" in command) {
    work.messages.warn(jail, command.problem);
    return "failed";
  }
  if (command.target !== undefined) {
    const { parameter, path, mounted } = command.target;
    const problem = await checkPlace(jail, work.machine, parameter, path, false, mounted);
    if (problem !== undefined) {
      work.messages.warn(jail, problem);
      return "failed";
    }
  }
  return launch(work, jail, step, value, command);
}

async function terminate(work: Work, jail: BaseJail): Promise<Outcome> {
  const seconds = jail.number("stop.timeout") ?? DEFAULT_STOP_SECONDS;
  if (seconds === 0) return "done";
  const processes = await work.inside.processes(jail.jid).catch(() => []);
  if (processes.length === 0) return "done";
  await work.inside.terminate(jail.jid);
  if (work.messages.verbose > 0) {
    work.messages.note(jail, `sent SIGTERM to:${processes.map(({ pid }) => ` ${pid}`).join("")}\n`);
  }
  jail.deadline = work.machine.clock() + seconds * 1000;
  let over = false;
  const { jid } = jail;
  const gone = work.waiting.gone(
    new Set(processes.map(({ pid }) => pid)),
    () => work.inside.processes(jid).catch(() => []),
    () => over,
  );
  work.waiting.wait(jail, gone, () => {
    over = true;
  });
  return "waits";
}

async function removeJail(work: Work, jail: BaseJail): Promise<Outcome> {
  const { messages } = work;
  try {
    await work.inside.remove(jail.jid);
  } catch (thrown) {
    if (codeOf(thrown) === "EPERM") {
      messages.warn(jail, `jail_remove: ${strerror("EPERM")}`);
      return "failed";
    }
  }
  const noted = jail.flags.stop ? work.noteRemoval : jail.name !== undefined;
  if (messages.verbose > 0 || (messages.verbose === 0 && noted)) messages.note(jail, "removed\n");
  jail.jid = -1;
  if (jail.flags.stop) work.queues.done(jail, { light: true, spread: true });
  else jail.flags.persist = false;
  return "done";
}

async function makeJail(work: Work, jail: BaseJail): Promise<Outcome> {
  const { messages } = work;
  if (!(await createJail(work, jail))) return "failed";
  if (work.printJid) messages.print(`${jail.jid}\n`);
  if (messages.verbose >= 0 && (jail.name !== undefined || messages.verbose > 0)) messages.note(jail, "created\n");
  if (jail.find("jid") === undefined) jail.add("jid", [String(jail.jid)]);
  if (jail.find("name") === undefined) jail.nameByJid();
  work.queues.done(jail, { light: true, spread: true });
  return "done";
}

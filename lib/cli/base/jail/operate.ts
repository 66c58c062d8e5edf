import { type BaseCalls, Refusal } from "../calls.js";
import { checkParameters } from "./check.js";
import { CLEAN_STEPS, START_STEPS, STOP_STEPS } from "./commands.js";
import { clearPersist, fixedDifference, updateJail } from "./create.js";
import { importParameters } from "./import.js";
import type { BaseJail } from "./model.js";
import { leadingInteger } from "./names.js";
import { finishStep, runSteps, type Work } from "./perform.js";

/** What is kept of a run beside the jails. */
export interface Operated {
  /** Something failed. */
  failed: boolean;
  /** Told each jail that was started. */
  readonly started: (jail: BaseJail) => void;
  /** The obsolete `-d`. */
  readonly dying: boolean;
}

/** What printf(3) makes of a text that is not there: base says it of a jail that has neither a name nor a jid. */
const NO_NAME = "(null)";

/** Takes one jail after the other as far as it gets, until none is left. */
export async function operate(work: Work, run: Operated): Promise<void> {
  let warned = false;
  for (let jail = await takeNext(work); jail !== undefined; jail = await takeNext(work)) {
    if (jail.flags.failed) {
      run.failed = true;
      if (jail.steps === undefined) {
        work.queues.done(jail, { light: false, spread: true });
        continue;
      }
    }
    if (!jail.flags.checked) {
      jail.flags.checked = true;
      if (run.dying) jail.add("allow.dying", []);
      if (!(await lookAt(work, jail))) continue;
    }
    if (jail.find("allow.dying") !== undefined && !warned) {
      warned = true;
      work.messages.complain("the 'allow.dying' parameter and '-d' flag are deprecated and have no effect.");
    }
    if (jail.jid === 0) await findRunning(work, jail);
    if (!finishStep(work, jail)) continue;
    if (await decide(work, jail)) await advance(work, jail, run);
  }
}

async function takeNext(work: Work): Promise<BaseJail | undefined> {
  const { queues, waiting } = work;
  const jail = (await waiting.next(queues.in("ready").length > 0)) ?? queues.takeReady();
  if (jail !== undefined) queues.move(jail, "idle");
  return jail;
}

/** Looks at all parameters once. Returns false where one cannot be used. */
async function lookAt(work: Work, jail: BaseJail): Promise<boolean> {
  if (!(await checkParameters(jail, work.machine, work.messages, work.io.cwd))) {
    work.queues.fail(jail);
    return false;
  }
  if (!jail.flags.start && !jail.flags.set) return true;
  const { problems } = importParameters(jail, work.calls.table);
  for (const problem of problems) work.messages.warn(jail, problem);
  if (problems.length > 0) work.queues.fail(jail);
  return problems.length === 0;
}

async function findRunning(work: Work, jail: BaseJail): Promise<void> {
  const given = jail.text("jid");
  let key: number | string | undefined = jail.text("name");
  if (given !== undefined) {
    const number = leadingInteger(given);
    key = number.whole && number.value !== 0 ? number.value : undefined;
  }
  jail.jid = key === undefined ? -1 : await runningJid(work.calls, key);
  if (jail.jid > 0 && jail.find("jid") === undefined) jail.add("jid", [String(jail.jid)]);
}

async function runningJid(calls: BaseCalls, key: number | string): Promise<number> {
  try {
    return await calls.jid(typeof key === "number" ? { jid: key } : { name: key });
  } catch (thrown) {
    if (thrown instanceof Refusal) return -1;
    throw thrown;
  }
}

/** Settles what "create or change", "change or restart" are for this jail. Returns false where the jail is missing. */
async function decide(work: Work, jail: BaseJail): Promise<boolean> {
  const { start, set, stop, cleanup } = jail.flags;
  if (!set || (!start && !stop)) return true;
  const known = { checked: true, failed: false };
  const become = (operation: object): void => {
    jail.begin({ ...operation, ...known, compared: jail.flags.compared });
  };
  if (!stop) {
    become(jail.jid < 0 ? { start: true, cleanup } : { set: true });
    return true;
  }
  if (!start && jail.jid < 0 && !cleanup) {
    work.messages.warnQuoted(jail, "not found", "no jail specified");
    work.queues.fail(jail);
    return false;
  }
  if (start && jail.jid < 0) become({ start: true });
  else if ((await fixedDifference(work, jail)) === undefined) become({ set: true });
  else {
    become({ start: true, stop: true, cleanup });
    if (!cleanup) work.queues.count(jail);
  }
  return true;
}

async function advance(work: Work, jail: BaseJail, run: Operated): Promise<void> {
  const { start, set, stop } = jail.flags;
  if (stop) return goDown(work, jail);
  if (start) return goUp(work, jail, run);
  if (set) return change(work, jail);
}

function begin(jail: BaseJail, steps: readonly string[]): void {
  jail.steps = steps;
  jail.step = -1;
  jail.item = undefined;
}

async function goUp(work: Work, jail: BaseJail, run: Operated): Promise<void> {
  const { queues } = work;
  if (jail.steps === undefined) {
    if (jail.jid > 0 && !jail.flags.depend && !jail.flags.wild) {
      work.messages.warnQuoted(jail, "already exists", NO_NAME);
      return queues.fail(jail);
    }
    if (queues.mustWait(jail)) return;
    if (jail.jid > 0) return finishUp(work, jail, run);
    if (jail.flags.cleanup) jail.flags.stop = true;
    begin(jail, jail.flags.cleanup ? CLEAN_STEPS : START_STEPS);
  }
  if (!(await runSteps(work, jail))) return;
  if (jail.flags.stop) finishDown(work, jail);
  else await finishUp(work, jail, run);
}

async function finishUp(work: Work, jail: BaseJail, run: Operated): Promise<void> {
  await clearPersist(work, jail);
  run.started(jail);
  work.queues.done(jail, { light: false, spread: true });
}

async function change(work: Work, jail: BaseJail): Promise<void> {
  const { queues, messages } = work;
  if (jail.jid < 0 && !jail.flags.depend) {
    messages.warnQuoted(jail, "not found", "no jail specified");
    return queues.fail(jail);
  }
  if (queues.mustWait(jail)) return;
  if (!jail.flags.depend) {
    const fixed = await fixedDifference(work, jail);
    if (fixed !== undefined) {
      messages.warn(jail, `${fixed} cannot be changed after creation`);
      return queues.fail(jail);
    }
    if (!(await updateJail(work, jail))) return;
    if (messages.verbose >= 0 && (jail.name !== undefined || messages.verbose > 0)) messages.note(jail, "updated\n");
  }
  queues.done(jail, { light: false, spread: true });
}

async function goDown(work: Work, jail: BaseJail): Promise<void> {
  const { queues, messages } = work;
  if (jail.steps === undefined) {
    if (queues.mustWait(jail)) return;
    if (jail.jid < 0 && !jail.flags.cleanup) {
      if (!jail.flags.depend && !jail.flags.wild) {
        if (messages.verbose >= 0) messages.warnQuoted(jail, "not found", NO_NAME);
        queues.fail(jail);
      }
      return finishDown(work, jail);
    }
    begin(jail, jail.jid < 0 ? CLEAN_STEPS : STOP_STEPS);
  } else if (jail.flags.failed && jail.jid > 0) return finishDown(work, jail);
  if (await runSteps(work, jail)) finishDown(work, jail);
}

function finishDown(work: Work, jail: BaseJail): void {
  const { queues } = work;
  queues.done(jail, { light: false, spread: true });
  if (!jail.flags.start || jail.flags.failed) return;
  jail.steps = undefined;
  jail.flags.stop = false;
  jail.flags.cleanup = false;
  queues.count(jail);
  queues.move(jail, jail.waitsFor > 0 ? "depend" : "ready");
}

import { isWildcard, matchesWildcard } from "../../../conf/names.js";
import { type BaseCalls, Refusal } from "../calls.js";
import { BaseJail } from "./model.js";
import { leadingInteger } from "./names.js";
import type { JailRequest, Operation } from "./options.js";
import type { Messages } from "./output.js";
import type { Queues } from "./queues.js";

/** What jails are chosen from, and how. */
export interface Selection {
  readonly calls: BaseCalls;
  readonly queues: Queues;
  readonly messages: Messages;
  /** There is a configuration: jails are looked for in it, by name. */
  readonly configured: boolean;
}

/** Settles which jails wait for which, by `depend` and by their names. */
export async function settleDependencies(selection: Selection): Promise<void> {
  const { queues, messages, configured } = selection;
  if (!configured) return dependOnRunning(selection);
  queues.index();
  const jails = [...queues.in("idle")];
  for (const jail of jails) {
    if (jail.flags.failed) continue;
    for (const wanted of jail.find("depend")?.values ?? []) {
      const needed = queues.find(wanted);
      if (needed !== undefined) queues.depend(jail, needed, false);
      else {
        messages.warn(jail, `depends on undefined jail "${wanted}"`);
        jail.flags.failed = true;
      }
    }
    const name = jail.name ?? "";
    const parent = name.includes(".") ? queues.find(name.slice(0, name.lastIndexOf("."))) : undefined;
    if (parent !== undefined) queues.depend(jail, parent, true);
  }
  queues.breakLoops();
}

/** Without a configuration a jail depends on those that run. */
async function dependOnRunning(selection: Selection): Promise<void> {
  const [jail] = selection.queues.in("idle");
  for (const wanted of jail?.find("depend")?.values ?? []) {
    if ((await runningJail(selection, wanted, false)) !== undefined) continue;
    selection.messages.complain(`depends on nonexistent jail "${wanted}"`);
    if (jail !== undefined) jail.flags.failed = true;
  }
}

/** Sets the jails that are meant to what is to be done with them. Returns false where one is not there; it was said. */
export async function choose(selection: Selection, request: JailRequest): Promise<boolean> {
  const { operation, targets, unconfigured } = request;
  if (!operation.stop || operation.start || operation.set) {
    return chooseOne(selection, targets[0], operation, false);
  }
  let fine = true;
  for (const target of targets) {
    if (!(await chooseOne(selection, target, operation, unconfigured))) fine = false;
  }
  return fine;
}

/** @param running the name is one of a jail that runs, whatever is configured */
async function chooseOne(
  selection: Selection,
  target: string | undefined,
  operation: Operation,
  running: boolean,
): Promise<boolean> {
  const { queues, messages, configured } = selection;
  const onlyStops = operation.stop && !operation.start && !operation.set;
  const ready = (jail: BaseJail, wild: boolean): void => {
    jail.begin({ ...operation, wild });
    queues.count(jail);
    queues.move(jail, "ready");
  };
  if (target === undefined || (!configured && !onlyStops) || (!running && target === "*")) {
    for (const jail of [...queues.in("idle")]) {
      jail.begin({ ...operation, wild: configured });
      queues.count(jail);
      queues.move(jail, jail.waitsFor > 0 ? "depend" : "ready");
    }
    return true;
  }
  if (isWildcard(target)) {
    const meant = running ? await allRunning(selection) : [...queues.in("idle")];
    for (const jail of meant) {
      if (!matchesWildcard(jail.name ?? "", target)) continue;
      if (running) queues.add(jail);
      ready(jail, true);
    }
    return true;
  }
  let jail = configured ? queues.find(target) : undefined;
  if (jail === undefined && onlyStops) jail = await runningJail(selection, target, true);
  if (jail === undefined) {
    messages.complain(`"${target}" not found`);
    return false;
  }
  ready(jail, false);
  return true;
}

async function allRunning({ calls }: Selection): Promise<BaseJail[]> {
  const rows = await calls.list([calls.parameter("jid"), calls.parameter("name")], false);
  return rows.map(([jid, name]) => withJid(String(name), Number(jid)));
}

function withJid(name: string, jid: number): BaseJail {
  const jail = new BaseJail(name);
  jail.jid = jid;
  return jail;
}

/** A jail that runs, by jid or name: the configured one of its name, else one of which nothing else is known. */
async function runningJail(
  { calls, queues, configured }: Selection,
  word: string,
  dying: boolean,
): Promise<BaseJail | undefined> {
  const { value, whole } = leadingInteger(word);
  const key = whole && value !== 0 ? { jid: value } : { name: word };
  try {
    const [jid, name] = await calls.read(key, [calls.parameter("jid"), calls.parameter("name")], dying);
    const known = configured ? queues.find(String(name)) : undefined;
    if (known !== undefined) return known;
    const jail = withJid(String(name), Number(jid));
    queues.add(jail);
    return jail;
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}

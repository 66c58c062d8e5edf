import type { Ledger } from "../ledger/ledger.js";
import type { RunSummary } from "../ledger/summary.js";
import type { RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import { aliasKey } from "../steps/alias.js";
import { mountKey } from "../steps/mounts.js";
import type { Engine } from "./context.js";
import { JailRunner } from "./runner.js";

/** How a jail stands when its lock was taken. */
export type Standing =
  /** It runs, and nothing is half done. */
  | "up"
  /** It does not run, and nothing of it is left. */
  | "down"
  /** It does not run, and something of it could not be taken away. */
  | "stuck";

/** What a ledger and the machine say together. */
export type Situation =
  /** No ledger, no jail. */
  | "nothing"
  /** The jail runs and the ledger's run ended well. */
  | "up"
  /** The jail runs, its run ended well, and its ledger has lost lines. */
  | "damaged"
  /** The jail runs, and it is not one that we started. */
  | "foreign"
  /** The machine was started again since: what the ledger names went with it. */
  | "rebooted"
  /** A run that made the jail was cut off before its end. */
  | "half up"
  /** A run that was to remove the jail was cut off. */
  | "half down"
  /** Everything was done, and the jail is gone without us. */
  | "stopped by others"
  /** The jail was removed, and some of it could not be taken away. */
  | "remains"
  /** The jail of that name is another one than the ledger's. */
  | "replaced";

/**
 * Compares a ledger with the kernel. The ledger is never believed against it.
 *
 * @param last what is remembered of the jail's last run: tells a run that was cut off from a ledger that was cut
 */
export function situation(
  ledger: Ledger,
  found: RunningJail | undefined,
  boot: string,
  last: RunSummary | undefined,
): Situation {
  const { run, outcome, entries, damaged } = ledger.state;
  const ended = last !== undefined && last.boot === boot && last.state === "up" && last.run >= (run?.run ?? 0);
  if (run === undefined && entries.length === 0) {
    if (found === undefined) return "nothing";
    return ledger.exists && ended ? "damaged" : "foreign";
  }
  if (run !== undefined && run.owner.boot !== boot) return "rebooted";
  const recorded = entries.find(({ thing }) => thing.kind === "jail");
  if (found !== undefined && recorded?.id !== undefined && recorded.id !== String(found.jid)) return "replaced";
  if (found !== undefined && ended && (damaged > 0 || outcome === undefined)) return "damaged";
  // An update that was cut off leaves a jail that runs: what it lacks is told by comparing.
  if (outcome === undefined && run?.purpose === "update") return found === undefined ? "stopped by others" : "up";
  if (outcome === undefined) return run?.purpose === "down" ? "half down" : "half up";
  if (found !== undefined) return recorded === undefined ? "foreign" : "up";
  const stopFailed = run?.purpose === "down" && last?.purpose === "down" && last.left.length > 0;
  return recorded === undefined || stopFailed ? "remains" : "stopped by others";
}

/** Strikes out what went with the last boot, and the marks that told others of it. The machine is not touched. */
export async function forgetRebooted(engine: Engine, ledger: Ledger): Promise<void> {
  for (const entry of ledger.state.entries) {
    const { thing } = entry;
    const key = thing.kind === "alias" ? aliasKey(thing.alias) : thing.kind === "mount" ? mountKey(thing.mount) : "";
    if (key !== "") {
      const lock = await engine.books.lockShared(key, `marks of ${ledger.jail}`);
      await engine.uses.leave(key, ledger.jail, false).finally(() => lock.release());
    }
    await ledger.gone(entry);
  }
  await ledger.end("done");
}

/**
 * Looks at what an earlier run left, and takes it away where the jail is not up: so that a start begins on clean
 * ground. The jail's lock must be held, which says that no such run still goes on.
 */
export async function settleLeftovers(
  engine: Engine,
  spec: JailSpec,
  ledger: Ledger,
  found: RunningJail | undefined,
): Promise<Standing> {
  const { boot } = await engine.machine.self();
  const now = situation(ledger, found, boot, await engine.books.lastRun(ledger.jail));
  if (now === "nothing") return "down";
  if (now === "foreign" || now === "up" || now === "replaced" || now === "damaged") return "up";
  if (now === "rebooted") {
    await forgetRebooted(engine, ledger);
    return found === undefined ? "down" : "up";
  }
  const runner = new JailRunner(engine, spec, ledger);
  runner.context.jid = found?.jid;
  runner.context.alive = found !== undefined;
  await runner.undo();
  if (runner.left.length > 0) return "stuck";
  if (ledger.exists) await ledger.end("done");
  return "down";
}

/** The jid of the jail that a ledger says was made. */
export function recordedJid(ledger: Ledger): number | undefined {
  const id = ledger.state.entries.find(({ thing }) => thing.kind === "jail")?.id;
  return id === undefined ? undefined : Number(id);
}

import { Inspector } from "../engine/inspect.js";
import { type Situation, situation } from "../engine/leftovers.js";
import type { Session } from "../engine/session.js";
import { type Ledger, LedgerVersionError } from "../ledger/ledger.js";
import type { FailedStep, RunSummary } from "../ledger/summary.js";
import { thingName } from "../ledger/thing.js";
import type { JailDefinition } from "../parameters.js";
import { compare, MachineView } from "../plan/difference.js";
import { quoted, stepLabel } from "../quote.js";
import type { JailSpec } from "../spec.js";
import { holders } from "./holders.js";

/** One reason for how a jail stands: one sentence each. */
export interface Finding {
  /** What it is a reason for. */
  readonly about: "not up" | "not stopped" | "not gone" | "differs" | "busy" | "fine";
  /** The reason itself. */
  readonly cause: string;
  /** What shows it. */
  readonly shows: string;
  /** What would help. */
  readonly helps: string;
}

/** Why a jail stands as it does. */
export interface Why {
  readonly jail: string;
  /** What the kernel shows. */
  readonly state: "up" | "dying" | "down";
  /** All reasons that were found, the nearest first; at least one. */
  readonly findings: readonly Finding[];
}

const SITUATIONS: Partial<Record<Situation, Omit<Finding, "shows">>> = {
  "half up": {
    about: "not up",
    cause: "a start was cut off before its end",
    helps: "run `bsdjail recover`: it takes back what the start had done",
  },
  "half down": {
    about: "not gone",
    cause: "a stop was cut off before its end",
    helps: "run `bsdjail recover`: it finishes the stop",
  },
  "stopped by others": {
    about: "not up",
    cause: "the jail was stopped without bsdjail, by jail(8) or because its last process ended",
    helps: "run `bsdjail recover` to take away what was made for it, or `bsdjail up` to start it again",
  },
  remains: {
    about: "not gone",
    cause: "the last stop could not take everything away",
    helps: "free what is named, then run `bsdjail recover`",
  },
  rebooted: {
    about: "not up",
    cause: "the machine was started again since the jail was",
    helps: "run `bsdjail up`",
  },
  replaced: {
    about: "differs",
    cause: "the jail of this name is another one than bsdjail started",
    helps: "stop it with `bsdjail down`, which also takes away what was made for the first",
  },
  damaged: {
    about: "differs",
    cause: "the jail's ledger has lost lines",
    helps: "run `bsdjail recover`: it writes the ledger anew from the jail's definition",
  },
};

/** What would help against a failed step, by its errno. */
function remedy(step: FailedStep): string {
  const helps: Record<string, string> = {
    EBUSY: "find what uses it (fstat, sockstat) and end that",
    EEXIT: "run the command by hand and see what it says",
    ESIGNAL: "see in the system's log who killed it, or whether it ran out of memory",
    ETIMEDOUT: "raise exec.timeout, or find what the command waits for",
    ENOENT: "make what is missing, or correct the parameter",
    EPERM: "run as root, or see which limit of the parent jail forbids it",
    EADDRINUSE: "another jail has the address: give this one another",
    ENOSPC: "make room on the file system",
    ECANCELED: "start it again: the run was stopped on purpose",
  };
  return step.hint ?? helps[step.code ?? ""] ?? "correct what the message names, and try again";
}

function fromStep(step: FailedStep): Finding {
  const name = stepLabel(step.step, step.direction);
  const what = step.argv.length > 0 ? quoted(step.argv) : name;
  const said = step.output.trim().split("\n").at(-1);
  // The command and its last words are what shows it.
  const command = `${step.argv.join(" ")}: `;
  let message = step.message.startsWith(command) ? step.message.slice(command.length) : step.message;
  if (said && message.endsWith(`: ${said}`)) message = message.slice(0, -said.length - 2);
  return {
    about: step.direction === "up" ? "not up" : step.direction === "down" ? "not stopped" : "not gone",
    cause: `in its last run, ${name} ${message.startsWith("failed ") ? message : `failed: ${message}`}`,
    shows: said ? `${what} wrote: ${said}` : `${what} (${step.code ?? "no errno"})`,
    helps: remedy(step),
  };
}

/** A jail whose start went well and that was gone with it. */
function endedByItself({ at }: RunSummary): Finding {
  return {
    about: "not up",
    cause: "it was started, and ended with its last process: it does not persist",
    shows: `its start at ${new Date(at).toISOString()}, after which no process was left in it`,
    helps: "set persist, or have exec.start leave a process running",
  };
}

/** Looks at the ledger, the last run and the machine. Changes nothing. */
export async function explain(session: Session, name: string, definitions: readonly JailDefinition[]): Promise<Why> {
  const { engine } = session;
  const { signal } = engine;
  const running = await engine.jails.list({ signal });
  const found = running.find((jail) => jail.name === name && !jail.dying);
  const dying = running.filter((jail) => jail.name === name && jail.dying);
  const state = found !== undefined ? "up" : dying.length > 0 ? "dying" : "down";
  const findings: Finding[] = [];
  const holder = await engine.books.holder(name, { signal });
  if (holder !== undefined) {
    findings.push({
      about: "busy",
      cause: "another process works on the jail now",
      shows: `process ${holder.pid} works on it: ${holder.purpose}`,
      helps: "wait for it, or end that process and run `bsdjail recover`",
    });
  }
  let ledger: Ledger;
  try {
    ledger = await engine.books.open(name, { signal });
  } catch (error) {
    if (!(error instanceof LedgerVersionError)) throw error;
    const helps = "use the version of bsdjail that started it, or remove the file once nothing of the jail is left";
    findings.push({ about: "differs", cause: "another version of bsdjail started it", shows: error.path, helps });
    return { jail: name, state, findings };
  }
  const last = await engine.books.lastRun(name, { signal });
  const now = situation(ledger, found, (await engine.machine.self()).boot, last);
  const known = holder === undefined ? SITUATIONS[now] : undefined;
  if (known !== undefined) {
    const things = ledger.state.entries.map(({ thing }) => thingName(thing)).join(", ");
    findings.push({ ...known, shows: things === "" ? ledger.path : `its ledger names ${things}` });
  }
  if (last !== undefined && (last.state === "failed" || last.state === "aborted")) {
    findings.push(...last.failed.map(fromStep));
  }
  if (found === undefined && last?.purpose === "up" && last.state === "down") findings.push(endedByItself(last));
  const [definition] = definitions.filter((candidate) => candidate.name === name);
  const parameters = definition?.parameters ?? ledger.state.definition?.parameters;
  if (parameters !== undefined) {
    const spec = (await session.read([{ name, parameters }])).get(name) as JailSpec;
    findings.push(...(await (found === undefined ? missing(session, spec) : differing(session, spec, found.jid))));
  } else if (found === undefined && dying.length === 0 && !ledger.exists && last === undefined) {
    findings.push({
      about: "not up",
      cause: "there is no such jail",
      shows: "it is neither defined, nor recorded, nor running",
      helps: "see `bsdjail list` and the jail.conf for its name",
    });
  }
  for (const jail of found === undefined ? dying : [found, ...dying]) findings.push(...(await holders(engine, jail)));
  if (findings.length === 0) {
    const shows = found === undefined ? "no ledger, no jail, no failed run" : `jid ${found.jid}, path ${found.path}`;
    const cause = found === undefined ? "nobody has started it" : "nothing is wrong with it";
    const helps = found === undefined ? `run \`bsdjail up ${name}\`` : "nothing needs to be done";
    findings.push({ about: "fine", cause, shows, helps });
  }
  return { jail: name, state, findings };
}

async function missing(session: Session, spec: JailSpec): Promise<Finding[]> {
  const problems = [...session.problemsOf(spec.name), ...(await new Inspector(session.engine).inspect(spec))];
  return problems.map((problem) => ({
    about: "not up",
    cause: `${problem.parameter} keeps it from starting`,
    shows: problem.message,
    helps: problem.hint ?? "correct the parameter, or make what it names",
  }));
}

async function differing(session: Session, spec: JailSpec, jid: number): Promise<Finding[]> {
  const { engine } = session;
  const found = (await engine.jails.list()).find((jail) => jail.jid === jid);
  if (found === undefined) return [];
  const ledger = await engine.books.open(spec.name);
  const difference = await compare(engine, new MachineView(engine), spec, ledger, found);
  const parameters = [...difference.fixed, ...difference.live].map(
    ({ parameter, wanted, running, fixed }): Finding => ({
      about: "differs",
      cause: `${parameter} is not as it is defined`,
      shows: `defined ${JSON.stringify(wanted)}, running ${JSON.stringify(running)}`,
      helps: fixed
        ? `run \`bsdjail restart ${spec.name}\`: it can be set only when a jail is made`
        : "run `bsdjail apply`",
    }),
  );
  const things = [...difference.missing, ...difference.adds].map(
    (thing): Finding => ({
      about: "differs",
      cause: `${thingName(thing)} is wanted and not there`,
      shows: difference.missing.includes(thing) ? "it was made, and somebody took it away" : "it was never made",
      helps: "run `bsdjail apply`: it puts it there",
    }),
  );
  return [...parameters, ...things];
}

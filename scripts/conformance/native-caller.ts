/**
 * Processes of a real machine: this one, which must not enter a jail (that is for ever), and children for what takes a
 * process inside one: this same program again, put there by jail-exec, with its steps on standard input.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { LocalKernel } from "../../lib/binding.js";
import { jailExecPath } from "../../lib/native.js";
import { callsOf, type Face } from "./calls.js";
import type { Result } from "./recording.js";
import { type Caller, type Job, type Performed, runJob, Skipped } from "./replay.js";

/** How this program is told that it is such a child, and what it does: the steps that it reads by a face, or nothing. */
export const CHILD = "--child";
const HOLD = "hold";

interface Answer {
  readonly performed?: Performed;
  readonly skipped?: string;
}

function ownArgv(...args: string[]): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? "", CHILD, ...args];
}

function enter(jid: number, argv: readonly string[]): ChildProcess {
  const helper = jailExecPath();
  if (helper === undefined) throw new Skipped("it needs a process inside a jail, and jail-exec was not built");
  return spawn(helper, ["-s", "3", "-j", String(jid), "--", ...argv], { stdio: ["pipe", "pipe", "inherit", "pipe"] });
}

/** Why the jail was not entered; undefined where it was. */
async function refusal(child: ChildProcess): Promise<Result | undefined> {
  const status = child.stdio[3];
  if (status === null || status === undefined || !("read" in status))
    throw new Error("jail-exec has no status channel");
  for (const record of (await text(status)).split("\0")) {
    const [kind, step, , errno] = record.split("\t");
    if (kind !== "failed") continue;
    if (step?.toLowerCase() === "attach" && errno) return { ret: -1, errno };
    throw new Skipped(`jail-exec: ${record.replaceAll("\t", " ")}`);
  }
  return undefined;
}

async function answerOf(child: ChildProcess, job: Job): Promise<Answer> {
  child.stdin?.end(JSON.stringify(job));
  const answer = child.stdout === null ? "" : await text(child.stdout);
  // A child whose jail is removed dies with it: the steps that it reached were all there are in the recording.
  return answer === "" ? {} : JSON.parse(answer);
}

export function nativeCaller(kernel: LocalKernel, face: Face): Caller {
  return {
    calls: callsOf(kernel, face),
    async enter(where, job) {
      let child: ChildProcess;
      if ("jid" in where) {
        child = enter(where.jid, ownArgv(face));
        child.stdin?.on("error", () => {}); // told by the status channel
        const [refused, { performed, skipped }] = await Promise.all([refusal(child), answerOf(child, job)]);
        if (refused !== undefined) return { result: refused };
        if (skipped !== undefined) throw new Skipped(skipped);
        return { result: { ret: 0 }, performed };
      }
      const [file, ...args] = ownArgv(face);
      child = spawn(file ?? "", args, { uid: where.uid, stdio: ["pipe", "pipe", "inherit"] });
      const { performed, skipped } = await answerOf(child, job);
      if (skipped !== undefined) throw new Skipped(skipped);
      return { result: { ret: 0 }, performed };
    },
    async attach(jid) {
      const child = enter(jid, ["/usr/bin/true"]);
      child.stdin?.end();
      return (await refusal(child)) ?? { ret: 0 };
    },
    async hold(jid) {
      const child = enter(jid, ownArgv(HOLD));
      if ((await refusal(child)) !== undefined) return undefined;
      return async () => {
        child.stdin?.end();
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      };
    },
  };
}

/** The child's part. */
export async function childMain(kernel: LocalKernel, args: readonly string[]): Promise<void> {
  const input = await text(process.stdin);
  if (args[0] === HOLD) return;
  let answer: Answer;
  try {
    const caller = nativeCaller(kernel, args[0] === "async" ? "async" : "sync");
    answer = { performed: await runJob(JSON.parse(input) as Job, caller) };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    answer = { skipped: error.message };
  }
  process.stdout.write(JSON.stringify(answer));
}

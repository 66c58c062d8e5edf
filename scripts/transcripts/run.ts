import { difference } from "./compare.js";
import { baseFailed, changesThings, reasonToLeaveOut } from "./left-out.js";
import { type CaseMachine, makeMachine } from "./machine.js";
import { olderCommands } from "./older.js";
import { realMachine } from "./real.js";
import type { Answer, Case, Step } from "./recording.js";

/** Runs a shell command in a folder. */
export type RunShell = (script: string, machine: CaseMachine) => Promise<Answer>;

/** A step that was left out, and why. */
export interface LeftOut {
  /** From 1. */
  readonly step: number;
  readonly sh: string;
  readonly why: string;
}

/** What became of a case. It passed where no step that was run differs, and one was run. */
export interface CaseResult {
  readonly kind: "passed" | "failed" | "skipped";
  readonly leftOut: readonly LeftOut[];
  /** Its first difference. */
  readonly first?: {
    readonly step: number;
    readonly sh: string;
    readonly part: string;
    readonly was: string;
    readonly is: string;
  };
}

/** Runs a case, its steps in order. @param real on the kernel that runs here, which is FreeBSD's */
export async function runCase(each: Case, release: string, shell: RunShell, real = false): Promise<CaseResult> {
  const machine = real ? realMachine(each, release) : makeMachine(each, release);
  const leftOut: LeftOut[] = [];
  if (machine === undefined) {
    const why = `the kernel has given out jids past ${each.lastjid}: it takes a new boot`;
    return { kind: "skipped", leftOut: each.steps.map(({ sh }, at) => ({ step: at + 1, sh, why })) };
  }
  let ran = 0;
  let lost: string | undefined;
  try {
    for (const [at, step] of each.steps.entries()) {
      const why = lost ?? reason(step, each, release, real);
      if (why !== undefined) {
        leftOut.push({ step: at + 1, sh: step.sh, why });
        if (changesThings(step)) lost ??= `step ${at + 1} was left out`;
        continue;
      }
      const answer = await shell(machine.asOurs(step.sh), machine);
      ran++;
      const found = difference(step, {
        status: answer.status,
        stdout: machine.asRecorded(answer.stdout),
        stderr: machine.asRecorded(answer.stderr),
      });
      if (found !== undefined) return { kind: "failed", leftOut, first: { step: at + 1, sh: step.sh, ...found } };
    }
    return { kind: ran > 0 ? "passed" : "skipped", leftOut };
  } finally {
    machine.remove();
  }
}

function reason(step: Step, each: Case, release: string, real: boolean): string | undefined {
  const left = real ? baseFailed(step) : reasonToLeaveOut(step, each.files);
  return left ?? olderCommands(step, each, release);
}

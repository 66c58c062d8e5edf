import type { Program, ProgramOutput } from "../machine.js";
import type { ProgramAnswer } from "./answer.js";

/** A program that has answered already, as one that was started. */
export function answered(pid: number, answer: ProgramAnswer): Program {
  return {
    pid,
    exited: Promise.resolve({ status: answer.status, signal: null }),
    output: (async function* (): AsyncGenerator<ProgramOutput> {
      for (const stream of ["stdout", "stderr"] as const) {
        if (answer[stream] !== "") yield { stream, bytes: Buffer.from(answer[stream]) };
      }
    })(),
    kill() {},
    release() {},
  };
}

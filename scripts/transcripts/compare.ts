import type { Answer, Step } from "./recording.js";

/** Where an answer differs from the recording; `foreign`: only in what another program said. */
export interface Difference {
  readonly part: "stdout" | "stderr" | "status";
  readonly was: string;
  readonly is: string;
  readonly foreign: boolean;
}

/** Process ids differ from run to run; how many there are does not. */
function withoutPids(text: string): string {
  return text.replace(/sent SIGTERM to:(?: [0-9]+)+$/gm, (line) => line.replace(/[0-9]+/g, "PID"));
}

/** What one of our commands said: its messages with the lines of usage below them. */
function ourWords(text: string): string {
  let ours = true;
  return text
    .split("\n")
    .filter((line) => {
      const program = /^([\w./-]+): /.exec(line)?.[1];
      if (program !== undefined) ours = ["jail", "jls", "jexec", "usage"].includes(program);
      return ours;
    })
    .join("\n");
}

/** The first difference between an answer and the recording, or undefined. */
export function difference(step: Step, answer: Answer): Difference | undefined {
  for (const part of ["stdout", "stderr", "status"] as const) {
    // The recorder read carriage returns as ends of lines.
    const is = withoutPids(String(answer[part]).replace(/\r\n?/g, "\n"));
    const was = withoutPids(String(step[part]).replace(/\r\n?/g, "\n"));
    if (is === was) continue;
    const foreign = part === "stderr" && ourWords(is) === ourWords(was);
    if (foreign) continue;
    return { part, was, is, foreign };
  }
  return undefined;
}

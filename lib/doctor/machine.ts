import type { JailHost } from "../host.js";
import { simulatedMachine } from "../lifecycle/open.js";
import { startLocal } from "../machine/programs.js";
import { runProgram } from "../machine/run.js";
import { jailExecPath } from "../native.js";

/** What the doctor asks of the machine beside its kernel. */
export interface DoctorMachine {
  /** The effective user id; undefined where the kernel is a simulated one, whose processes are root's. */
  readonly uid: number | undefined;
  /** Where jail-exec is; undefined where it was not built. */
  readonly jailExec: string | undefined;
  /** What a program of the base system writes; undefined where it is not there or fails. */
  output(argv: readonly string[]): Promise<string | undefined>;
}

/** This machine. */
export function localDoctorMachine(): DoctorMachine {
  return {
    uid: process.geteuid?.(),
    jailExec: jailExecPath(),
    async output(argv) {
      try {
        const program = await startLocal({ argv });
        let text = "";
        for await (const { stream, bytes } of program.output)
          if (stream === "stdout") text += Buffer.from(bytes).toString();
        return (await program.exited).status === 0 ? text : undefined;
      } catch {
        // Not there, or not ours to run: then it is not known.
        return undefined;
      }
    },
  };
}

/** The machine around a simulated kernel. */
export function simulatedDoctorMachine(host: JailHost): DoctorMachine {
  return {
    uid: undefined,
    jailExec: undefined,
    async output(argv) {
      const { status, stdout } = await runProgram(simulatedMachine(host), { argv });
      return status === 0 ? stdout : undefined;
    },
  };
}

import type { Watched } from "../machine/run.js";
import { signalNumber } from "../strerror.js";
import type { CliIo } from "./io.js";

const PASSED: readonly NodeJS.Signals[] = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"];
/** What a shell makes of a signal. */
const SIGNALLED = 128;

/**
 * Starts a command and stands for it until it ends: signals are its own. Resolves with the status to end with.
 *
 * @param ownTerminal the command has a terminal of its own, and is not told by ours
 */
export async function become(start: () => Promise<Watched>, io: CliIo, ownTerminal = false): Promise<number> {
  let program: Watched | undefined;
  const early: NodeJS.Signals[] = [];
  const pass = (signal: NodeJS.Signals): void => {
    // A terminal has told both of us.
    const told =
      !ownTerminal && (signal === "SIGINT" || signal === "SIGQUIT") && (io.stdin as { isTTY?: boolean }).isTTY === true;
    if (told) return;
    // One that comes before the command does is kept for it; where it comes again, the command is not waited for: what a
    // jail keeps at its entry goes with this process.
    if (program !== undefined) program.kill(signal as "SIGTERM");
    else if (early.includes(signal)) process.exit(SIGNALLED + signalNumber(signal));
    else early.push(signal);
  };
  for (const signal of PASSED) process.on(signal, pass);
  try {
    program = await start();
    for (const signal of early.splice(0)) pass(signal);
    for await (const { stream, bytes } of program.output) io[stream].write(bytes);
    const { status, signal } = await program.exited;
    if (signal === null) return status ?? 1;
    for (const each of PASSED) process.off(each, pass);
    if (io.isProcess) {
      // Whoever started us is to see the same end.
      process.kill(process.pid, signal as NodeJS.Signals);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return SIGNALLED + signalNumber(signal);
  } finally {
    for (const signal of PASSED) process.off(signal, pass);
  }
}

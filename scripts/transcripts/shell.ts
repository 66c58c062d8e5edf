import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jailCommand } from "../../lib/cli/base/jail/jail.js";
import { jexecCommand } from "../../lib/cli/base/jexec.js";
import { jlsCommand } from "../../lib/cli/base/jls.js";
import type { CliCommand } from "../../lib/cli/io.js";
import { signalNumber } from "../../lib/strerror.js";
import type { CaseMachine } from "./machine.js";
import type { Answer } from "./recording.js";
import type { RunShell } from "./run.js";
import { commandStreams } from "./streams.js";
import { plainCommand } from "./words.js";

/** The status of a step that was ended because it took too long. */
const OVERDUE = 124;

/**
 * Gives a script to sh. Output goes to files: what a command leaves running must not be waited for.
 *
 * @param seconds how long it may take; it is killed then, with its group, and its status is 124
 */
export async function runShell(script: string, { folder, env }: CaseMachine, seconds?: number): Promise<Answer> {
  const logs = mkdtempSync(join(tmpdir(), "o-"));
  const [stdout, stderr] = ["stdout", "stderr"].map((name) => join(logs, name)) as [string, string];
  const descriptors = [openSync(stdout, "w"), openSync(stderr, "w")] as const;
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const child = spawn("/bin/sh", ["-c", script], {
        cwd: folder,
        env,
        stdio: ["ignore", ...descriptors],
        detached: seconds !== undefined,
      });
      const end = (): void => {
        process.kill(-(child.pid as number), "SIGKILL");
        resolve(OVERDUE);
      };
      const timer = seconds === undefined ? undefined : setTimeout(end, seconds * 1000);
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        clearTimeout(timer);
        // As a shell tells of a signal.
        resolve(code ?? 128 + signalNumber(signal ?? ""));
      });
    });
    return { status, stdout: readFileSync(stdout, "utf8"), stderr: readFileSync(stderr, "utf8") };
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
    rmSync(logs, { recursive: true, force: true });
  }
}

const OURS: Readonly<Record<string, CliCommand>> = { jail: jailCommand, jexec: jexecCommand, jls: jlsCommand };

/** Runs a plain command of ours in this process, and all else by sh. */
export const runQuickly: RunShell = async (script, machine) => {
  const plain = plainCommand(script);
  const [name = "", ...args] = plain?.words ?? [];
  const command = OURS[name];
  if (plain === undefined || command === undefined) return runShell(script, machine);
  const env = { ...machine.env, ...plain.variables };
  const { io, output } = commandStreams(env, machine.folder);
  const own = process.env;
  if (machine.alone) process.env = env;
  try {
    const status = await command(args, io);
    return { status, ...output() };
  } finally {
    process.env = own;
  }
};

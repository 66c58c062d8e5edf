import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { jailCommand } from "../../lib/cli/base/jail/jail.js";
import { jexecCommand } from "../../lib/cli/base/jexec.js";
import { jlsCommand } from "../../lib/cli/base/jls.js";
import type { CliCommand } from "../../lib/cli/io.js";
import type { RunShell } from "./run.js";
import { commandStreams } from "./streams.js";
import { plainCommand } from "./words.js";

/** Gives a script to sh. Output goes to files: what a command leaves running must not be waited for. */
export const runShell: RunShell = async (script, { folder, env }) => {
  const logs = join(dirname(folder), "output");
  mkdirSync(logs, { recursive: true });
  const [stdout, stderr] = ["stdout", "stderr"].map((name) => join(logs, name)) as [string, string];
  const descriptors = [openSync(stdout, "w"), openSync(stderr, "w")] as const;
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const child = spawn("/bin/sh", ["-c", script], { cwd: folder, env, stdio: ["ignore", ...descriptors] });
      child.on("error", reject);
      child.on("exit", (code) => resolve(code ?? -1));
    });
    return { status, stdout: readFileSync(stdout, "utf8"), stderr: readFileSync(stderr, "utf8") };
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
};

const OURS: Readonly<Record<string, CliCommand>> = { jail: jailCommand, jexec: jexecCommand, jls: jlsCommand };

/** Runs a plain command of ours in this process, and all else by sh. */
export const runQuickly: RunShell = async (script, machine) => {
  const plain = plainCommand(script);
  const [name = "", ...args] = plain?.words ?? [];
  const command = OURS[name];
  if (plain === undefined || command === undefined) return runShell(script, machine);
  const { io, output } = commandStreams({ ...machine.env, ...plain.variables }, machine.folder);
  const status = await command(args, io);
  return { status, ...output() };
};

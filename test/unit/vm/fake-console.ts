/** A console without a machine: what the far end writes is what a guest would print. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Console } from "../../../scripts/vm/console/console.js";
import { connectSocket } from "../../../scripts/vm/machine/socket.js";

/** A folder that goes with the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-vmtest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Both ends of a console. */
export async function fakeConsole(): Promise<{ console: Console; far: Socket }> {
  const path = join(scratch(), "console");
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const console = new Console(await connectSocket(path, 5000, new AbortController().signal));
  const far = await connected;
  far.on("error", () => {});
  onTestFinished(() => {
    console.close();
    far.destroy();
    server.close();
  });
  return { console, far };
}

/** How a fake guest misbehaves. */
export interface Mischief {
  /** Changes what the shell prints on its way to the console. */
  readonly printed?: (text: string) => string;
  /** Whether a typed line is lost. */
  readonly loses?: (line: string, number: number) => boolean;
}

/**
 * A real sh(1) at the far end of a console, with a terminal's echo: what is typed is shown until `stty -echo` is, and
 * carriage returns become newlines.
 */
export async function shellConsole(mischief: Mischief = {}): Promise<{ console: Console; far: Socket }> {
  const { console, far } = await fakeConsole();
  // Reads a line at a time, as from a terminal, so that a shell that takes its place finds the next one.
  const login = 'exec 2>&1; while IFS= read -r line; do eval "$line"; done';
  const child = spawn("/bin/sh", ["-c", login], { stdio: ["pipe", "pipe", "ignore"], env: { PATH: process.env.PATH } });
  const { printed = (text) => text, loses = () => false } = mischief;
  let echo = true;
  let held = "";
  let number = 0;
  far.setEncoding("utf8").on("data", (text: string) => {
    const lines = (held + text).replaceAll("\r", "\n").split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) {
      if (echo) far.write(`${line}\r\n`);
      if (line.includes("stty -echo")) echo = false;
      // There is no terminal here that stty could set.
      if (!loses(line, ++number)) child.stdin.write(`${line.replace("stty -echo", ":")}\n`);
    }
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => far.write(printed(text).replaceAll("\n", "\r\n")));
  child.stdin.on("error", () => {});
  child.on("exit", () => far.destroy());
  onTestFinished(() => void child.kill("SIGKILL"));
  return { console, far };
}

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { commandLine, quoted } from "../console/quote.js";
import { CommandOverrun } from "../console/shell.js";
import { VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import type { Guest, GuestRun } from "./guest.js";
import { contentOf, ended, type TarSource, unpack } from "./tar.js";

const LOOK_AGAIN_MS = 500;
/** ssh's own exit status where it could not reach the other side. */
const UNREACHED = 255;

/** ssh's arguments up to the command, for a machine that is behind a port of this one. */
export function sshArgs(port: number, key: string): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "10",
    IdentitiesOnly: "yes",
    LogLevel: "ERROR",
    ServerAliveInterval: "15",
    // The machine was made a moment ago and is reached through this one alone.
    StrictHostKeyChecking: "no",
    UserKnownHostsFile: "/dev/null",
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", "-i", key, "-p", String(port), ...words, "root@127.0.0.1"];
}

/** A guest reached by ssh. */
export class SshGuest implements Guest {
  readonly way = "ssh";
  readonly #args: readonly string[];
  readonly #waits: Waits;

  constructor(port: number, key: string, waits: Waits) {
    this.#args = sshArgs(port, key);
    this.#waits = waits;
  }

  /** Waits until the guest lets us in. False where it did not within the limit; `giveUp` can end it earlier. */
  async reachable(signal: AbortSignal, giveUp: () => boolean = () => false): Promise<boolean> {
    const deadline = performance.now() + this.#waits.ms("ssh");
    while (performance.now() < deadline && !giveUp()) {
      if ((await this.#script("exit 0\n", { signal })) === 0) return true;
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
    return false;
  }

  async run(argv: readonly string[], options: GuestRun): Promise<number> {
    const { signal } = options;
    // The session's process group, for where the command has to be ended: to break the connection does not.
    const mark = `/tmp/bsdjail-vm-${randomBytes(6).toString("hex")}`;
    const command = commandLine(argv, options.env, options.cwd);
    const script = `ps -o pgid= -p $$ >${mark}\n{ ${command}\n} </dev/null\nstatus=$?\nrm -f ${mark}\nexit $status\n`;
    try {
      const status = await this.#script(script, options);
      if (status !== UNREACHED || (await this.#script("exit 0\n", { signal })) === 0) return status;
      throw new VmError("the guest cannot be reached by ssh any more");
    } catch (thrown) {
      if (thrown instanceof CommandOverrun) {
        await this.#script(`kill -s KILL -- "-$(tr -d ' ' <${mark})"; rm -f ${mark}\n`, { signal });
      }
      throw thrown;
    }
  }

  async put(source: TarSource, folder: string, { signal }: { signal: AbortSignal }): Promise<void> {
    const child = this.#spawn(
      [`mkdir -p ${quoted(folder)} && tar -xpof - -C ${quoted(folder)}`],
      ["pipe", "ignore", "pipe"],
      signal,
    );
    const stdin = child.stdin;
    if (stdin === null) throw new VmError("ssh has no standard input");
    stdin.on("error", () => {});
    const done = ended(child, "tar in the guest, over ssh");
    const tar = contentOf(source);
    tar.output.pipe(stdin);
    await Promise.all([tar.done, done]);
  }

  async get(
    folder: string,
    names: readonly string[],
    into: string,
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    const line = `tar -cf - -C ${quoted(folder)} ${names.map(quoted).join(" ")}`;
    const child = this.#spawn([line], ["ignore", "pipe", "pipe"], signal);
    if (child.stdout === null) throw new VmError("ssh has no standard output");
    await Promise.all([unpack(child.stdout, into), ended(child, "tar in the guest, over ssh")]);
  }

  close(): void {}

  #spawn(command: readonly string[], stdio: ["pipe" | "ignore", "pipe" | "ignore", "pipe"], signal: AbortSignal) {
    return spawn("ssh", [...this.#args, ...command], { stdio, signal });
  }

  /** Runs a script by the guest's sh(1): root's own shell may be csh, which quotes otherwise. */
  #script(text: string, { signal, limitMs, onOutput }: GuestRun): Promise<number> {
    const limit = limitMs === undefined ? undefined : AbortSignal.timeout(limitMs);
    const child = this.#spawn(
      ["/bin/sh -s"],
      ["pipe", "pipe", "pipe"],
      limit ? AbortSignal.any([signal, limit]) : signal,
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(text);
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (piece: string) => onOutput?.(piece, stream));
    }
    return new Promise((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => {
        if (signal.aborted) reject(signal.reason);
        else if (limit?.aborted)
          reject(new CommandOverrun(`the command did not return within ${Number(limitMs) / 1000} s`));
        else if (error.code === "ENOENT") reject(new VmError("ssh is not installed", "`--way serial` does without."));
        else reject(error);
      });
      child.on("close", (status) => resolve(status ?? UNREACHED));
    });
  }
}

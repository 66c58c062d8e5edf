/** QEMU as a process: started, watched, ended; gone with this one where it is not to outlive it. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "../../../lib/machine/machine.js";
import { actorAlive } from "../../../lib/machine/process-identity.js";
import { VmError } from "../errors.js";

/**
 * Runs the words after it, and ends that program when its own standard input does: it holds the other end of our pipe,
 * which breaks however we end. In words of sh(1), for every system has that.
 */
const LIFELINE = [
  "exec 3<&0",
  '"$@" </dev/null 3<&- & child=$!',
  "{ cat <&3 >/dev/null; kill -9 $child 2>/dev/null; } & guard=$!",
  "exec 3<&-; wait $child; status=$?",
  "kill $guard 2>/dev/null; exit $status",
].join("\n");

/** A QEMU that was started by this process. */
export class QemuProcess {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly exited: Promise<number>;
  #status: number | undefined;

  private constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.#log = log;
    this.exited = new Promise((resolve) => {
      child.on("error", () => resolve(-1));
      child.on("close", (status) => resolve(status ?? -1));
    });
    void this.exited.then((status) => {
      this.#status = status;
      child.stdin?.destroy();
    });
  }

  /**
   * Starts it in a session of its own, so that a key at our terminal does not reach it.
   *
   * @param outlives whether it goes on when this process ends
   */
  static start(program: string, args: readonly string[], log: string, outlives: boolean): QemuProcess {
    const fd = openSync(log, "w");
    try {
      const argv = outlives ? [program, ...args] : ["/bin/sh", "-c", LIFELINE, "sh", program, ...args];
      const [file, ...rest] = argv as [string, ...string[]];
      const child = spawn(file, rest, { detached: true, stdio: [outlives ? "ignore" : "pipe", fd, fd] });
      child.stdin?.on("error", () => {});
      if (outlives) child.unref();
      return new QemuProcess(child, log);
    } finally {
      closeSync(fd);
    }
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get ended(): boolean {
    return this.#status !== undefined;
  }

  /** What QEMU printed itself: its complaints. */
  complaints(): readonly string[] {
    const text = readFileSync(this.#log, "utf8").trim();
    return text === "" ? [] : text.split("\n").slice(-10);
  }

  /** The error for a QEMU that ended by itself. */
  failure(what: string): VmError {
    return new VmError(`${what}: QEMU ended with status ${this.#status}`, "", this.complaints());
  }

  /** Ends it at once; resolves when it is gone. The session is its own, so its process group is too. */
  async kill(): Promise<void> {
    await killGroup(this.pid);
    await this.exited;
  }
}

const LOOK_AGAIN_MS = 10;
/** How long a killed process may take to go: it may have memory of many GiB to give back. */
const GOING_MS = 30_000;

/** Signals a process group; false where nothing is left of it. */
function signalGroup(pid: number, signal: "SIGKILL" | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Ends a process group and waits for all of it to be gone: its locks on files go with the last. */
export async function killGroup(pid: number): Promise<void> {
  if (pid <= 1 || !signalGroup(pid, "SIGKILL")) return;
  const deadline = performance.now() + GOING_MS;
  while (signalGroup(pid, 0) && performance.now() < deadline) await sleep(LOOK_AGAIN_MS);
}

/** Ends a process that an earlier run started, if it is still that one. */
export async function killActor(actor: Actor): Promise<boolean> {
  if (!(await actorAlive(actor))) return false;
  await killGroup(actor.pid);
  return true;
}

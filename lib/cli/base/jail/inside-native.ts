import { posix } from "node:path";
import type { JailProcess } from "../../../lifecycle/port.js";
import type { Program } from "../../../machine/machine.js";
import { startLocal } from "../../../machine/programs.js";
import { watchProgram } from "../../../machine/run.js";
import type { CliIo } from "../../io.js";
import type { BaseCalls } from "../calls.js";
import { enterJail } from "../enter.js";
import { ownIdentity, prefixed } from "../users.js";
import type { Inside, InsideCommand } from "./inside.js";

const KILL = 9;

/** Jails of this machine's own kernel. */
export class NativeInside implements Inside {
  readonly #calls: BaseCalls;
  readonly #io: CliIo;

  constructor(calls: BaseCalls, io: CliIo) {
    this.#calls = calls;
    this.#io = io;
  }

  async start(jid: number, command: InsideCommand): Promise<Program> {
    const { argv, user, hostUser, clean, fib, background, outputFd, streams, cwd } = command;
    const { TERM } = this.#io.env;
    const options = [
      ...(user === undefined ? [] : [hostUser ? "-U" : "-u", user]),
      ...(clean ? ["-l", ...(TERM === undefined ? [] : ["-T", TERM])] : []),
      ...(!clean && user !== undefined ? ["-i"] : []),
      ...(cwd !== undefined ? ["-C", posix.join("/", cwd)] : clean && user !== undefined ? ["-H"] : []),
      ...(fib === undefined ? [] : ["-F", String(fib)]),
      ...(command.dependent ? ["-p", `${KILL}:${process.pid}`] : []),
    ];
    const inherited = clean ? {} : prefixed(user === undefined ? "E" : "B", this.#io.env);
    // Without a name it is our own user, whom the jail need not know.
    const own = clean && hostUser && user === undefined ? prefixed("E", ownIdentity()) : {};
    return enterJail({ jid, argv, options, env: { ...inherited, ...own }, streams, outputFd, session: background });
  }

  async knowsUser(name: string): Promise<boolean> {
    // jail-exec looks, and says.
    return name !== "";
  }

  async startOutside(): Promise<undefined> {
    return undefined;
  }

  async processes(jid: number): Promise<readonly JailProcess[]> {
    const argv = ["/bin/ps", "-axo", "pid=,jid=,comm="];
    const { stdout } = await watchProgram(TIME, argv, await startLocal({ argv }), { keepBytes: 1 << 24 });
    const found: JailProcess[] = [];
    for (const line of stdout.split("\n")) {
      const [, pid, own, command] = /^ *([0-9]+) +([0-9]+) +(.*)$/.exec(line) ?? [];
      if (Number(own) === jid) found.push({ pid: Number(pid), command: command ?? "" });
    }
    return found;
  }

  async terminate(jid: number): Promise<void> {
    for (const { pid } of await this.processes(jid)) signal(pid, "SIGTERM");
  }

  remove(jid: number): Promise<void> {
    return this.#calls.remove(jid);
  }
}

const TIME = {
  clock: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref()),
};

/** Signals a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone, or not ours to end: the jail's removal decides.
  }
}

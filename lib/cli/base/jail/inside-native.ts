import type { RawKernel } from "../../../binding.js";
import { type HookCommand, hookEntry } from "../../../exec/commands.js";
import type { Entry } from "../../../exec/entry.js";
import { JailEntryError } from "../../../exec/entry-error.js";
import { enterJail } from "../../../exec/program.js";
import type { JailProcess } from "../../../lifecycle/port.js";
import type { Program } from "../../../machine/machine.js";
import { toProcesses } from "../../../processes/list.js";
import type { CliIo } from "../../io.js";
import { type BaseCalls, Refusal } from "../calls.js";
import type { Inside } from "./inside.js";

/** Jails of this machine's own kernel. */
export class NativeInside implements Inside {
  readonly #kernel: RawKernel;
  readonly #calls: BaseCalls;
  readonly #io: CliIo;

  constructor(kernel: RawKernel, calls: BaseCalls, io: CliIo) {
    this.#kernel = kernel;
    this.#calls = calls;
    this.#io = io;
  }

  async start(jid: number, command: HookCommand): Promise<Program> {
    const { streams, outputFd, background: session } = command;
    return enterJail(hookEntry(jid, command, this.#io.env), { streams, outputFd, session });
  }

  async knowsUser(name: string): Promise<boolean> {
    if (name === "") return false;
    // jail-exec looks, by whatever nsswitch.conf(5) names, before it does anything else.
    const entry: Entry = {
      target: "outside",
      argv: ["/usr/bin/true"],
      user: name,
      hostUser: true,
      environment: "none",
    };
    try {
      await (await enterJail(entry, { streams: "pipe", session: false })).exited;
    } catch (thrown) {
      if (!(thrown instanceof JailEntryError)) throw thrown;
      return thrown.step !== "host-user";
    }
    return true;
  }

  async startOutside(): Promise<undefined> {
    return undefined;
  }

  async processes(jid: number): Promise<readonly JailProcess[]> {
    const found = await this.#kernel.processes();
    if (found.error !== undefined) throw new Refusal(found.error);
    return toProcesses(found, new Set([jid]));
  }

  async terminate(jid: number): Promise<void> {
    for (const { pid } of await this.processes(jid)) signal(pid, "SIGTERM");
  }

  remove(jid: number): Promise<void> {
    return this.#calls.remove(jid);
  }
}

/** Signals a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone, or not ours to end: the jail's removal decides.
  }
}

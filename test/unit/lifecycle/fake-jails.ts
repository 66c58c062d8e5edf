import type { JailCommand, JailPort, RunningJail } from "../../../lib/lifecycle/port.js";
import type { ProgramExit } from "../../../lib/machine/machine.js";

interface FakeJail extends RunningJail {
  parameters: Record<string, unknown>;
  processes: { pid: number; command: string; end: (exit: ProgramExit) => void }[];
}

/** What a command in a fake jail does: its exit, now or later. */
export type FakeCommand = (
  jail: string,
  command: JailCommand,
) => Partial<{ status: number; stdout: string; hang: boolean }>;

/** Jails in memory, with just enough rules for the engine's own tests. */
export class FakeJails implements JailPort {
  readonly jails: FakeJail[] = [];
  readonly commands: { jail: string; argv: readonly string[] }[] = [];
  command: FakeCommand = () => ({});
  failCreate: ((name: string) => Error | undefined) | undefined;
  #jid = 0;
  #pid = 100;

  async list() {
    return this.jails;
  }

  async find(name: string) {
    return this.jails.find((jail) => jail.name === name && !jail.dying);
  }

  async create(parameters: Readonly<Record<string, unknown>>) {
    const name = String(parameters.name);
    const refused = this.failCreate?.(name);
    if (refused !== undefined) throw refused;
    const jid = ++this.#jid;
    this.jails.push({
      jid,
      name,
      path: String(parameters.path ?? "/"),
      dying: false,
      ip4: [parameters["ip4.addr"] ?? []].flat() as string[],
      ip6: [parameters["ip6.addr"] ?? []].flat() as string[],
      parameters: { ...parameters },
      processes: [],
    });
    return jid;
  }

  async update(jid: number, parameters: Readonly<Record<string, unknown>>) {
    const jail = this.#at(jid);
    Object.assign(jail.parameters, parameters);
    for (const [name, key] of [
      ["ip4.addr", "ip4"],
      ["ip6.addr", "ip6"],
    ] as const) {
      if (name in parameters) Object.assign(jail, { [key]: [parameters[name]].flat() });
    }
    this.#settle(jail);
  }

  async get(jid: number, names: readonly string[]) {
    return Object.fromEntries(names.map((name) => [name, this.#at(jid).parameters[name]]));
  }

  async remove(jid: number) {
    const jail = this.jails.find((candidate) => candidate.jid === jid);
    if (jail === undefined) return;
    for (const process of [...jail.processes]) process.end({ status: null, signal: "SIGKILL" });
    const gone = this.jails.filter((other) => other === jail || other.name.startsWith(`${jail.name}.`));
    for (const other of gone) this.jails.splice(this.jails.indexOf(other), 1);
  }

  async lingers(jid: number, name: string) {
    return this.jails.some((jail) => jail.jid === jid && jail.name === name);
  }

  async differences(jid: number, parameters: Readonly<Record<string, unknown>>) {
    const running = this.#at(jid).parameters;
    return Object.entries(parameters)
      .filter(([name, value]) => JSON.stringify(running[name]) !== JSON.stringify(value))
      .map(([parameter, wanted]) => ({
        parameter,
        wanted,
        running: running[parameter],
        fixed: ["path", "vnet", "osrelease"].includes(parameter),
      }));
  }

  async start(jid: number, command: JailCommand) {
    const jail = this.#at(jid);
    this.commands.push({ jail: jail.name, argv: command.argv });
    const answer = this.command(jail.name, command);
    const pid = ++this.#pid;
    let end: (exit: ProgramExit) => void = () => {};
    const exited = new Promise<ProgramExit>((resolve) => {
      end = (exit) => {
        jail.processes = jail.processes.filter((process) => process.pid !== pid);
        resolve(exit);
        this.#settle(jail);
      };
    });
    jail.processes.push({ pid, command: command.argv.join(" "), end });
    if (!answer.hang) end({ status: answer.status ?? 0, signal: null });
    return {
      pid,
      exited,
      output: (async function* () {
        if (answer.stdout) yield { stream: "stdout" as const, bytes: Buffer.from(answer.stdout) };
      })(),
      kill: (signal: "SIGTERM" | "SIGKILL") => end({ status: null, signal }),
      release: () => {},
    };
  }

  async processes(jid: number) {
    return this.#at(jid).processes.map(({ pid, command }) => ({ pid, command }));
  }

  check() {
    return [];
  }

  async blockers() {
    return [];
  }

  async kill(jid: number, signal: "SIGTERM" | "SIGKILL") {
    const processes = [...this.#at(jid).processes];
    for (const process of processes) process.end({ status: null, signal });
    return processes.length;
  }

  /** A jail of that name as somebody else would make it. */
  foreign(name: string, parameters: Record<string, unknown> = {}) {
    return this.create({ name, ...parameters });
  }

  #settle(jail: FakeJail) {
    const { persist } = jail.parameters;
    if (persist === false && jail.processes.length === 0) {
      const at = this.jails.indexOf(jail);
      if (at >= 0) this.jails.splice(at, 1);
    }
  }

  #at(jid: number): FakeJail {
    const jail = this.jails.find((candidate) => candidate.jid === jid);
    if (jail === undefined) throw Object.assign(new Error(`jail ${jid} not found`), { code: "ENOENT" });
    return jail;
  }
}

import { readFileSync } from "node:fs";
import { basename, posix } from "node:path";
import type { SimulatedControls } from "../../../binding.js";
import type { HookCommand } from "../../../exec/commands.js";
import { DEPENDENT, type Entry } from "../../../exec/entry.js";
import { JailEntryError } from "../../../exec/entry-error.js";
import { loginVariables } from "../../../exec/identity.js";
import { enterJail } from "../../../exec/program.js";
import type { JailProcess } from "../../../lifecycle/port.js";
import type { HostUser, Program, ProgramRequest } from "../../../machine/machine.js";
import type { SimulatedMachine } from "../../../machine/simulated/machine.js";
import { answered } from "../../../machine/simulated/program.js";
import type { CliIo } from "../../io.js";
import type { BaseCalls } from "../calls.js";
import type { Simulation } from "../kernel.js";
import type { Inside } from "./inside.js";
import { signal } from "./inside-native.js";

/** Programs that the simulated machine answers itself. */
const KNOWN = new Set(["devfs", "ifconfig", "mount", "umount", "zfs"]);

/** A command that is noted and not run. */
const noted = (): Program => answered(process.pid, { status: 0, stdout: "", stderr: "" });

/** Who and with what a command runs. */
interface Identity {
  readonly user: string | undefined;
  readonly clean: boolean;
  /** Variables that stand before all others. */
  readonly first: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
}

/**
 * Jails of the simulated kernel. Their commands are processes of this machine, known to the simulated one, which enter
 * nothing, or are noted and not run; the few that would show that (hostname, ifconfig) are answered by the simulated
 * machine.
 */
export class SimulatedInside implements Inside {
  readonly #calls: BaseCalls;
  readonly #controls: SimulatedControls;
  /** Commands are not run. */
  readonly #recorded: boolean;
  readonly #machine: SimulatedMachine;
  readonly #io: CliIo;

  constructor(
    calls: BaseCalls,
    { controls, commands }: Pick<Simulation, "controls" | "commands">,
    machine: SimulatedMachine,
    io: CliIo,
  ) {
    this.#calls = calls;
    this.#controls = controls;
    this.#recorded = commands === "record";
    this.#machine = machine;
    this.#io = io;
  }

  async start(jid: number, command: HookCommand): Promise<Program> {
    const { argv, user, clean, fib, background, outputFd, streams, cwd } = command;
    const words = argv.join(" ");
    // This process goes in first: the jail must not end between the question and the command's own entry.
    const entered = this.#controls.spawn({ jid, hostPid: process.pid, command: words });
    if (entered.error !== undefined) {
      throw new JailEntryError({ step: "attach", errnoCode: "EINVAL", detail: `jail ${jid}` }, jid);
    }
    try {
      const known = await this.#answer(jid, argv);
      if (known !== undefined) return known;
      if (this.#recorded) return this.#record(jid, command);
      const identity = await this.#identity({ user, clean, first: {}, cwd });
      const parentDeathSignal = command.dependent ? DEPENDENT : undefined;
      const entry: Entry = { ...identity, target: "outside", argv, fib, parentDeathSignal };
      const program = await enterJail(entry, { streams, outputFd, session: background });
      const inside = { jid, hostPid: program.pid, command: words, user: user ?? "root" };
      if (this.#controls.spawn({ ...inside, pid: program.pid }).error !== undefined) this.#controls.spawn(inside);
      return program;
    } finally {
      this.#controls.exit(entered.value);
    }
  }

  async startOutside(request: ProgramRequest): Promise<Program | undefined> {
    const { argv, env: first = {}, user, clean = false, streams = "pipe", background = false } = request;
    if (user !== undefined && !(await this.knowsUser(user))) {
      throw new JailEntryError({ step: "user", errnoCode: "", detail: user });
    }
    if (KNOWN.has(basename(argv[0] ?? ""))) return undefined;
    if (this.#recorded) return noted();
    if (user === undefined && !clean) return undefined;
    const cwd = clean && user !== undefined ? undefined : (request.cwd ?? this.#io.cwd);
    // It enters nothing: on this machine jail-exec only becomes the user.
    const identity = await this.#identity({ user, clean, first, cwd });
    return enterJail({ ...identity, target: "outside", argv }, { streams, session: background });
  }

  async knowsUser(name: string): Promise<boolean> {
    return (await this.#user(name)) !== undefined;
  }

  async processes(jid: number): Promise<readonly JailProcess[]> {
    return this.#controls.processes().filter((each) => each.jid === jid);
  }

  async terminate(jid: number): Promise<void> {
    for (const { jid: own, pid, hostPid } of this.#controls.processes()) {
      if (own !== jid) continue;
      if (hostPid > 0) signal(hostPid, "SIGTERM");
      else this.#controls.kill(pid, 15);
    }
  }

  async remove(jid: number): Promise<void> {
    const before = this.#controls.processes();
    await this.#calls.remove(jid);
    const left = new Set(this.#controls.processes().map(({ pid }) => pid));
    for (const { pid, hostPid } of before) if (hostPid > 0 && !left.has(pid)) signal(hostPid, "SIGKILL");
  }

  /** Notes a command: it succeeds at once, and in the background it stays as a process that holds its jail. */
  #record(jid: number, { argv, user, background }: HookCommand): Program {
    if (background) this.#controls.spawn({ jid, command: argv.join(" "), user: user ?? "root" });
    return noted();
  }

  /** What the simulated machine answers in place of a program. */
  async #answer(jid: number, argv: readonly string[]): Promise<Program | undefined> {
    const [file = "", ...args] = argv;
    const name = basename(file);
    if (name === "hostname" && args.length === 0) {
      const [hostname] = await this.#calls.read({ jid }, [this.#calls.parameter("host.hostname")], false);
      return answered(process.pid, { status: 0, stdout: `${String(hostname)}\n`, stderr: "" });
    }
    if (name === "ifconfig") return this.#machine.start({ argv: [file, "-j", String(jid), ...args] });
    return undefined;
  }

  async #identity({ user, clean, first, cwd }: Identity): Promise<Omit<Entry, "target" | "argv">> {
    const directory = (path: string | undefined) => (path === undefined ? undefined : posix.join("/", path));
    if (user === undefined && !clean) {
      return { environment: "none", cwd: directory(cwd), env: { ...first, ...this.#io.env, ...first } };
    }
    const account = await this.#user(user ?? "root");
    if (account === undefined) {
      throw new JailEntryError({ step: "user", errnoCode: "", detail: user ?? "root" });
    }
    const own = loginVariables(account);
    const base = clean ? { ...own, TERM: this.#io.env.TERM } : this.#io.env;
    const home = clean && user !== undefined ? account.home : undefined;
    return {
      environment: "none",
      user,
      hostUser: true,
      cwd: directory(cwd ?? home),
      env: { ...first, ...base, ...own, ...first },
    };
  }

  /** A user of the simulated machine, or of the one that the command will really run on. */
  async #user(name: string): Promise<HostUser | undefined> {
    const known = await this.#machine.user(name);
    if (known !== undefined) return known;
    for (const line of readPasswords().split("\n")) {
      const [found, , uid, gid, , home = "/", shell = "/bin/sh"] = line.split(":");
      if (found === name && name !== "") return { name, uid: Number(uid), gid: Number(gid), home, shell };
    }
    return undefined;
  }
}

function readPasswords(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}

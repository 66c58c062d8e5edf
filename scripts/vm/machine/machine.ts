/** A machine under QEMU, from its files to a guest that answers, and back. */
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Actor } from "../../../lib/machine/machine.js";
import { actorOf } from "../../../lib/machine/process-identity.js";
import type { Cleanup } from "../cleanup.js";
import { awaitPrompt, type Login, logIn, NoProgress } from "../console/boot.js";
import { Console } from "../console/console.js";
import { ConsoleShell } from "../console/shell.js";
import { messageOf, VmError } from "../errors.js";
import { emptyBox, LABELS } from "../guest/boxes.js";
import { ConsoleGuest } from "../guest/console-guest.js";
import type { Guest } from "../guest/guest.js";
import { makeKey, seedImage } from "../guest/seed.js";
import { SshGuest } from "../guest/ssh-guest.js";
import type { Image } from "../images/locate.js";
import type { Arch, Way } from "../images/releases.js";
import type { Waits } from "../waits.js";
import { type Accelerator, type Choice, qemuProgram, type Remembered } from "./accelerator.js";
import { Monitor } from "./monitor.js";
import { makeOverlay } from "./overlay.js";
import { QemuProcess } from "./process.js";
import { type DirectKernel, type MachineSpec, qemuArgs } from "./qemu.js";
import type { MachineRecord, Records } from "./records.js";
import { loadMemory, saveMemory } from "./saved.js";
import { connectSocket } from "./socket.js";

/** Room that the guest's first disk gets beyond what its image has. */
const DISK_ROOM = 16 * 1024 ** 3;

/** What a machine is to be. */
export interface MachineRequest {
  readonly name: string;
  readonly label: string;
  readonly arch: Arch;
  readonly memory: number;
  readonly cpus: number;
  readonly image: Image | undefined;
  readonly kernel: DirectKernel | undefined;
  readonly way: Way;
  readonly login: Login;
  readonly network: boolean;
  /** Whether it goes on when this process ends. */
  readonly outlives: boolean;
  /** The file that records its console. */
  readonly recording: string;
}

/** What every act on machines needs. */
export interface MachineContext {
  readonly records: Records;
  readonly waits: Waits;
  readonly signal: AbortSignal;
  readonly cleanup: Cleanup;
  readonly remembered: Remembered;
  readonly say: (line: string) => void;
}

/** A saved machine: where its memory, its disk and its ssh key are. */
export interface SavedMachine {
  readonly memory: string;
  readonly disk: string | undefined;
  readonly key: string | undefined;
}

/** How a machine came up. */
export interface BootFacts {
  readonly accelerator: Accelerator;
  /** Milliseconds from power-on, or from the saved state, to a guest that answers. */
  readonly ms: number;
  readonly resumed: boolean;
  readonly notes: readonly string[];
}

/** A machine that runs, with a guest that answers. */
export class RunningMachine {
  readonly record: MachineRecord;
  readonly guest: Guest;
  readonly facts: BootFacts;
  readonly waits: Waits;
  readonly #process: QemuProcess;
  readonly #monitor: Monitor;
  readonly #console: Console;
  readonly #forget: () => void;
  readonly #discard: () => Promise<void>;

  constructor(
    record: MachineRecord,
    guest: Guest,
    facts: BootFacts,
    waits: Waits,
    parts: {
      process: QemuProcess;
      monitor: Monitor;
      console: Console;
      forget: () => void;
      discard: () => Promise<void>;
    },
  ) {
    this.record = record;
    this.guest = guest;
    this.facts = facts;
    this.waits = waits;
    this.#process = parts.process;
    this.#monitor = parts.monitor;
    this.#console = parts.console;
    this.#forget = parts.forget;
    this.#discard = parts.discard;
  }

  /** The last lines of its console. */
  lastLines(count?: number): readonly string[] {
    return this.#console.lastLines(count);
  }

  /** Writes the machine's memory to a file. It stands still afterwards, with its disk as it was at that moment: take the disk away and end it. */
  async save(memory: string, signal: AbortSignal): Promise<void> {
    await saveMemory(this.#monitor, memory, join(this.record.sockets, "saved"), this.waits, signal);
  }

  /** Ends it, kindly or at once, and removes its files; resolves with what went wrong on the way. */
  async end(kindly: boolean, signal: AbortSignal): Promise<readonly string[]> {
    const problems: string[] = [];
    if (kindly && !this.#process.ended) {
      try {
        await powerOff(this.#monitor, this.#process.exited, this.waits, signal);
      } catch (thrown) {
        problems.push(messageOf(thrown));
      }
    }
    await this.#process.kill();
    this.close();
    this.#forget();
    await this.#discard().catch((thrown) => problems.push(messageOf(thrown)));
    return problems;
  }

  /** Lets go of it; it runs on. */
  close(): void {
    this.guest.close();
    this.#console.close();
    this.#monitor.close();
  }

  /** Lets go of it for good: it is no longer ended with this process. */
  release(): void {
    this.close();
    this.#forget();
  }
}

/** Presses the power button and waits for the guest to go. */
export async function powerOff(
  monitor: Monitor,
  exited: Promise<unknown>,
  waits: Waits,
  signal: AbortSignal,
): Promise<void> {
  await monitor.execute("system_powerdown");
  const limit = waits.ms("shutdown");
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(waits.overrun("shutdown", "the guest did not power itself off")), limit);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([exited, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A port of this machine that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new VmError("this machine has no free port");
  return address.port;
}

/** A folder for sockets: their paths have room for about a hundred characters. */
function socketFolder(): string {
  const base = tmpdir().length > 60 ? "/tmp" : tmpdir();
  const folder = mkdtempSync(join(base, "bsdjail-vm-"));
  chmodSync(folder, 0o700);
  return folder;
}

/** One attempt to bring a machine up. */
class Attempt {
  readonly #request: MachineRequest;
  readonly #context: MachineContext;
  readonly #accelerator: Accelerator;
  readonly #waits: Waits;
  readonly #folder: string;
  readonly #sockets: string;

  constructor(request: MachineRequest, context: MachineContext, accelerator: Accelerator, folder: string) {
    this.#request = request;
    this.#context = context;
    this.#accelerator = accelerator;
    this.#waits = context.waits.scaled(accelerator.slowness);
    this.#folder = folder;
    this.#sockets = socketFolder();
  }

  async run(saved: SavedMachine | undefined, notes: readonly string[]): Promise<RunningMachine> {
    try {
      return await this.#run(await this.#prepare(saved), saved, notes);
    } catch (thrown) {
      rmSync(this.#sockets, { recursive: true, force: true });
      throw thrown;
    }
  }

  async #run(spec: MachineSpec, saved: SavedMachine | undefined, notes: readonly string[]): Promise<RunningMachine> {
    const { signal, cleanup, records, say } = this.#context;
    const { name, arch, way, outlives } = this.#request;
    const begun = performance.now();
    const process = QemuProcess.start(qemuProgram(arch), qemuArgs(spec), join(this.#folder, "qemu.log"), outlives);
    const forget = cleanup.add(`the machine ${name}`, async () => {
      await process.kill();
      await records.discard(name);
    });
    try {
      const actor = await actorOf(process.pid);
      if (actor === undefined) throw process.failure("the machine did not start");
      const record = this.#record(spec, actor);
      // At once, so that whatever becomes of this process, the machine is known.
      records.write(record);
      const { monitor, console } = await this.#connect(process, spec);
      const guest = await this.#guest(monitor, console, spec, saved, record.key);
      records.write({ ...record, way: guest.way });
      const facts: BootFacts = {
        accelerator: this.#accelerator,
        ms: performance.now() - begun,
        resumed: saved !== undefined,
        notes: guest.way === way ? notes : [...notes, `it was to be reached by ${way}, and was by ${guest.way}`],
      };
      const parts = { process, monitor, console, forget, discard: () => records.discard(name) };
      return new RunningMachine({ ...record, way: guest.way }, guest, facts, this.#waits, parts);
    } catch (thrown) {
      await process.kill();
      forget();
      signal.throwIfAborted();
      const [complaint] = process.complaints();
      if (complaint !== undefined) say(`QEMU: ${complaint.slice(0, 300)}`);
      throw thrown;
    }
  }

  #record(spec: MachineSpec, actor: Actor): MachineRecord {
    const { name, label, way } = this.#request;
    const { arch, accelerator, console, monitor, record, inbox, outbox, sshPort } = spec;
    const key = way === "ssh" ? join(this.#folder, "key") : undefined;
    const place = { console, monitor, record, inbox, outbox, sshPort, key, sockets: this.#sockets };
    return { name, actor, label, arch, way, accelerator, ...place };
  }

  async #prepare(saved: SavedMachine | undefined): Promise<MachineSpec> {
    const { name, arch, memory, cpus, image, kernel, way, network } = this.#request;
    const { signal } = this.#context;
    const file = (base: string) => join(this.#folder, base);
    let disk: string | undefined;
    if (saved?.disk !== undefined) {
      disk = file("disk.qcow2");
      await makeOverlay(disk, { path: saved.disk, format: "qcow2" }, undefined, signal);
    } else if (image !== undefined) {
      disk = file("disk.qcow2");
      // A kernel that is booted directly finds its root on the bare image, which nothing will grow.
      await makeOverlay(disk, image, kernel === undefined ? DISK_ROOM : undefined, signal);
    }
    emptyBox(file("inbox.raw"), LABELS.inbox);
    emptyBox(file("outbox.raw"), LABELS.outbox);
    let seed: string | undefined;
    let sshPort: number | undefined;
    if (way === "ssh") {
      seed = file("seed.iso");
      sshPort = await freePort();
      const { publicKey } = await this.#key(saved);
      writeFileSync(seed, seedImage(`bsdjail-${name}`, publicKey));
    } else if (network) {
      sshPort = await freePort();
    }
    return {
      ...{ arch, memory, cpus, accelerator: this.#accelerator, disk, kernel, seed, sshPort, network },
      ...{ inbox: file("inbox.raw"), outbox: file("outbox.raw"), record: this.#request.recording },
      ...{ console: join(this.#sockets, "console"), monitor: join(this.#sockets, "monitor") },
      incoming: saved === undefined ? undefined : join(this.#sockets, "incoming"),
    };
  }

  async #key(saved: SavedMachine | undefined) {
    const { signal } = this.#context;
    if (saved?.key === undefined) return makeKey(this.#folder, signal);
    const file = join(this.#folder, "key");
    copyFileSync(saved.key, file);
    copyFileSync(`${saved.key}.pub`, `${file}.pub`);
    chmodSync(file, 0o600);
    return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
  }

  /** Connects to monitor and console before the machine runs, so that nothing it prints is missed. */
  async #connect(process: QemuProcess, spec: MachineSpec) {
    const { signal } = this.#context;
    const gone = process.exited.then(() => {
      throw process.failure("the machine did not start");
    });
    gone.catch(() => {});
    const limit = this.#waits.ms("monitor");
    const [monitor, socket] = await Promise.race([
      Promise.all([Monitor.connect(spec.monitor, this.#waits, signal), connectSocket(spec.console, limit, signal)]),
      gone,
    ]);
    return { monitor, console: new Console(socket) };
  }

  async #guest(
    monitor: Monitor,
    console: Console,
    spec: MachineSpec,
    saved: SavedMachine | undefined,
    key: string | undefined,
  ): Promise<Guest> {
    const { signal, say } = this.#context;
    const ssh =
      this.#request.way === "ssh" && key !== undefined
        ? new SshGuest(Number(spec.sshPort), key, this.#waits)
        : undefined;
    if (saved !== undefined) {
      await loadMemory(monitor, saved.memory, String(spec.incoming), this.#waits, signal);
      const guest = ssh ?? (await this.#resumedConsole(console, spec));
      if (ssh !== undefined && !(await ssh.reachable(signal)))
        throw this.#waits.overrun("ssh", "the resumed guest does not answer");
      await freshen(guest, signal);
      return guest;
    }
    await monitor.execute("cont");
    const { login } = this.#request;
    const options = { waits: this.#waits, signal, say };
    const halted = monitor.halted.then((why) => {
      const cause = new VmError(`QEMU stopped the guest: ${why}`, "", console.lastLines());
      throw new NoProgress(cause, console.position === 0);
    });
    halted.catch(() => {});
    const prompt = await Promise.race([awaitPrompt(console, options), halted]);
    say(prompt === "login" ? "the guest asks for a login" : "the guest has a shell on its console");
    if (ssh !== undefined) {
      if (await ssh.reachable(signal, () => console.closed)) return ssh;
      say("sshd does not answer; trying the console");
    }
    if (prompt === "login") await logIn(console, login, options);
    return new ConsoleGuest(await ConsoleShell.take(console, this.#waits, signal), spec, this.#waits);
  }

  async #resumedConsole(console: Console, spec: MachineSpec): Promise<Guest> {
    const shell = await ConsoleShell.again(console, this.#waits, this.#context.signal);
    if (shell === undefined)
      throw this.#waits.overrun("shell", "the resumed guest does not answer", console.lastLines());
    return new ConsoleGuest(shell, spec, this.#waits);
  }
}

/** A resumed guest has the time and the random numbers of the moment at which it was saved. */
async function freshen(guest: Guest, signal: AbortSignal): Promise<void> {
  const now = Math.round(Date.now() / 1000);
  const script = `date -u -f %s ${now} >/dev/null 2>&1 || date -u -s @${now} >/dev/null; echo ${randomBytes(32).toString("hex")} >/dev/random`;
  await guest.run(["/bin/sh", "-c", script], { signal });
}

/** Whether another attempt, afresh, may help: the guest stood still. */
function standsStill(thrown: unknown): thrown is NoProgress {
  return thrown instanceof NoProgress;
}

/**
 * Brings a machine up. A boot without progress is tried afresh once, by the next accelerator where there is one.
 *
 * @throws VmError that says what happened, with the console's last lines
 */
export async function bringUp(
  request: MachineRequest,
  choice: Choice,
  saved: SavedMachine | undefined,
  context: MachineContext,
): Promise<RunningMachine> {
  const { say, signal, remembered } = context;
  const maker = await actorOf(process.pid);
  const notes = [...choice.notes];
  const [first, second = first] = choice.candidates;
  const folder =
    maker === undefined ? context.records.folder(request.name) : context.records.begin(request.name, maker);
  mkdirSync(folder, { recursive: true });
  const undo = context.cleanup.add(`the files of ${request.name}`, () => context.records.discard(request.name));
  const attempt = (accelerator: Accelerator) => {
    const how = saved === undefined ? "starting" : "resuming";
    say(`${how} ${request.label} (${request.arch}) by ${accelerator.name}`);
    return new Attempt(request, context, accelerator, folder).run(saved, notes);
  };
  const twice = async () => {
    const thrown: unknown = await attempt(first).catch((error: unknown) => error);
    if (thrown instanceof RunningMachine) return thrown;
    signal.throwIfAborted();
    if (!standsStill(thrown)) throw thrown;
    const why = thrown.message;
    notes.push(first === second ? `the first boot was given up: ${why}` : `${first.name}: ${why}`);
    say(`${why}; once more, afresh, by ${second.name}`);
    const machine = await attempt(second);
    if (first !== second) remembered.set(first.name, request.arch, `seen here before: ${why}`);
    return machine;
  };
  try {
    return await twice();
  } catch (thrown) {
    await context.records.discard(request.name);
    throw thrown;
  } finally {
    undo();
  }
}

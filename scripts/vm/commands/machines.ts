/** The commands for machines that stay: up, exec, shell, copy, down. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, posix, resolve } from "node:path";
import { actorAlive } from "../../../lib/machine/process-identity.js";
import { ConsoleShell } from "../console/shell.js";
import { messageOf, UsageError, VmError } from "../errors.js";
import type { Guest } from "../guest/guest.js";
import { sshArgs } from "../guest/ssh-guest.js";
import { bringUp, powerOff } from "../machine/machine.js";
import { Monitor } from "../machine/monitor.js";
import { checkName, type MachineRecord } from "../machine/records.js";
import type { Session, Target } from "../session.js";
import { GUEST_ENV } from "../suite/plan.js";
import { waitsFor, withConsole, withGuest } from "./attach.js";

/** Starts a machine that stays. */
export async function up(session: Session): Promise<number> {
  const [target, ...others] = session.targets();
  if (target === undefined || others.length > 0)
    throw new UsageError("up starts one machine: name one release and one --arch");
  const { records, cache, options } = session;
  await records.sweep();
  const name = checkName(options.name ?? freeName(target, records.names()));
  const running = records.read(name);
  if (running !== undefined && (await actorAlive(running.actor)))
    throw new VmError(`${name} runs already`, "`--name` gives another.");
  session.needMemory(1);
  const say = (line: string) => session.say(line);
  const { choice, remembered } = await session.accelerators(target.arch);
  const image = await session.image(target, say);
  const recording = join(cache.root, `${name}.console.log`);
  const request = session.request(target, image, name, recording, true);
  const machine = await bringUp(request, choice, undefined, session.context(remembered, say)).catch((thrown) => {
    say(`its console is recorded in ${recording}`);
    throw thrown;
  });
  const { accelerator, ms, notes } = machine.facts;
  for (const note of notes) say(`note: ${note}`);
  machine.release();
  say(
    `${name} is up (${accelerator.name}, ${machine.guest.way}, ${(ms / 1000).toFixed(1)} s); its console is recorded in ${recording}`,
  );
  session.print(`${name}\n`);
  return 0;
}

function freeName(target: Target, taken: readonly string[]): string {
  const base = target.slug.slice(0, 50);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

/** Runs an argument vector; its exit status is ours. */
export async function exec(session: Session): Promise<number> {
  const { rest, name, timeout, env } = session.options;
  if (rest.length === 0) throw new UsageError("exec: no command; say `exec -- ARGV`");
  const record = await session.records.choose(name);
  return withGuest(session, record, (guest) =>
    guest.run(rest, {
      signal: session.signal,
      env: { ...GUEST_ENV, ...env },
      limitMs: timeout === undefined ? undefined : timeout * 1000,
      onOutput: (text, stream) => session.io[stream](text),
    }),
  );
}

/** What ends a terminal on a console: Control-]. */
const LEAVE = 0x1d;

/** A terminal. */
export async function shell(session: Session): Promise<number> {
  const record = await session.records.choose(session.options.name);
  if (record.way === "ssh" && record.sshPort !== undefined && record.key !== undefined) {
    const child = spawn("ssh", ["-t", ...sshArgs(record.sshPort, record.key)], { stdio: "inherit" });
    return new Promise((resolve, reject) => child.on("error", reject).on("close", (status) => resolve(status ?? 1)));
  }
  return consoleTerminal(session, record);
}

/** Joins our terminal and the machine's console. Our shell there is left in its place, with a shell for people inside it. */
function consoleTerminal(session: Session, record: MachineRecord): Promise<number> {
  return withConsole(session, record, async (console) => {
    const reader = await ConsoleShell.again(console, waitsFor(session, record), session.signal);
    const { stdin, stdout } = process;
    session.say("Control-] leaves; the machine stays up");
    if (reader !== undefined) console.send("stty sane; TERM=vt100 /bin/sh -i; stty -echo\r");
    console.answering = false;
    console.socket.on("data", (bytes: Buffer) => stdout.write(bytes));
    if (reader === undefined) console.send("\r");
    stdin.setRawMode?.(true);
    return new Promise<number>((resolve) => {
      const finish = (status: number) => {
        stdin.setRawMode?.(false);
        stdin.pause();
        // The shell for people ends, and ours goes on where it was.
        if (reader !== undefined) console.send("\x03\rexit\r");
        stdout.write("\n");
        setImmediate(() => resolve(status));
      };
      stdin.on("data", (bytes: Buffer) => {
        const at = bytes.indexOf(LEAVE);
        if (at >= 0) return finish(0);
        console.socket.write(bytes);
      });
      stdin.on("end", () => finish(0));
      console.socket.on("close", () => finish(1));
      session.signal.addEventListener("abort", () => finish(1), { once: true });
    });
  });
}

const GUEST_SIDE = /^vm:(\/.*)$/;

/** Copies files or folders between this machine and a guest. */
export async function copy(session: Session): Promise<number> {
  const [from, to, ...more] = session.options.words;
  if (from === undefined || to === undefined || more.length > 0)
    throw new UsageError("copy FROM TO, one of them vm:/PATH");
  const source = GUEST_SIDE.exec(from)?.[1];
  const target = GUEST_SIDE.exec(to)?.[1];
  if ((source === undefined) === (target === undefined)) {
    throw new UsageError(`copy ${from} ${to}: exactly one of the two is in the guest, written vm:/PATH`);
  }
  const record = await session.records.choose(session.options.name);
  return withGuest(session, record, async (guest) => {
    if (target !== undefined) await copyIn(guest, resolve(from), target, session.signal);
    else await copyOut(guest, source as string, resolve(to), session.signal);
    return 0;
  });
}

/** As cp(1): into a folder that is there, else under the new name. */
async function copyIn(guest: Guest, from: string, to: string, signal: AbortSignal): Promise<void> {
  if (!existsSync(from)) throw new VmError(`${from}: there is no such file`);
  const source = { folder: dirname(from), names: [basename(from)] };
  const into = to.endsWith("/") || (await guest.run(["test", "-d", to], { signal })) === 0;
  if (into) return guest.put(source, to, { signal });
  const place = posix.join(posix.dirname(to), `.bsdjail-vm-${process.pid}`);
  await guest.put(source, place, { signal });
  const moved = await guest.run(["mv", posix.join(place, basename(from)), to], { signal });
  await guest.run(["rmdir", place], { signal });
  if (moved !== 0) throw new VmError(`${to}: the guest could not give the file that name`);
}

async function copyOut(guest: Guest, from: string, to: string, signal: AbortSignal): Promise<void> {
  const name = posix.basename(from);
  if (statSync(to, { throwIfNoEntry: false })?.isDirectory()) {
    return guest.get(posix.dirname(from), [name], to, { signal });
  }
  mkdirSync(dirname(to), { recursive: true });
  const place = mkdtempSync(join(dirname(to), ".bsdjail-vm-"));
  try {
    await guest.get(posix.dirname(from), [name], place, { signal });
    renameSync(join(place, name), to);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Ends machines: kindly, and at once where that takes too long. */
export async function down(session: Session): Promise<number> {
  const { words, all, name } = session.options;
  const { records } = session;
  const named = [...words, ...(name === undefined ? [] : [name])];
  const running = all ? await records.running() : [];
  const chosen = all
    ? running
    : named.length === 0
      ? [await records.choose(undefined)]
      : await Promise.all(named.map((each) => records.choose(each)));
  for (const record of chosen) {
    await endKindly(session, record);
    await records.discard(record.name);
    session.say(`${record.name} is down`);
  }
  await records.sweep();
  return 0;
}

async function endKindly(session: Session, record: MachineRecord): Promise<void> {
  const waits = waitsFor(session, record);
  try {
    const monitor = await Monitor.connect(record.monitor, waits, session.signal);
    const exited = new Promise<void>((resolve) => monitor.onClose(resolve));
    await powerOff(monitor, exited, waits, session.signal);
  } catch (thrown) {
    session.signal.throwIfAborted();
    session.say(`warning: ${record.name}: ${messageOf(thrown)}; it is ended at once`);
  }
}

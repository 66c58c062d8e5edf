import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Actor } from "./machine.js";

const run = promisify(execFile);
/** Times come as words, so every process must get the same ones, whatever its language and time zone. */
const PLAIN = { LC_ALL: "C", TZ: "UTC0", PATH: "/bin:/usr/bin:/sbin:/usr/sbin" };
/** Both times are cut to seconds, so their difference may be one more or less. */
const SLACK_SECONDS = 1;

let ownBoot: Promise<string> | undefined;
let own: Promise<Actor> | undefined;

async function sysctl(...words: string[]): Promise<Buffer> {
  const { stdout } = await run("sysctl", words, { env: PLAIN, encoding: "buffer" });
  return stdout;
}

/** Seconds since 1970 at which the machine was started, by `sysctl -n kern.boottime`. */
export function bootSeconds(text: string): number {
  const [, seconds = "0", micros = "0"] = /sec = (\d+), usec = (\d+)/.exec(text) ?? [];
  return Number(seconds) + Number(micros) / 1e6;
}

async function readBoot(): Promise<string> {
  if (process.platform === "linux") return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  // Sixteen bytes that are drawn at each boot. A kernel that has none has the time, which moves when the clock is set.
  const drawn = await sysctl("-b", "kern.boot_id").catch(() => Buffer.alloc(0));
  if (drawn.length > 0) return drawn.toString("hex");
  return String(Math.floor(bootSeconds((await sysctl("-n", "kern.boottime")).toString())));
}

/** Which boot of this machine runs now. */
function currentBoot(): Promise<string> {
  ownBoot ??= readBoot();
  return ownBoot;
}

/**
 * When a process started, in seconds since the machine did: the kernel counts from there, and when the clock is set both
 * times move. From `ps -o state= -o lstart=`; undefined for a process that has ended and is still listed.
 */
export function startedAfterBoot(ps: string, boot: number): string | undefined {
  const [, state = "", time = ""] = /^\s*(\S+)\s+(.*\S)/.exec(ps) ?? [];
  const at = Date.parse(`${time} UTC`);
  if (state === "" || state.startsWith("Z") || Number.isNaN(at)) return undefined;
  return String(Math.round(at / 1000 - boot));
}

/** When a process started, in the system's own words; undefined where there is none of that pid. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    try {
      const text = await readFile(`/proc/${pid}/stat`, "latin1");
      // The command's name is in parentheses and may hold blanks; the start is the twentieth field after it.
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const { stdout } = await run("/bin/ps", ["-o", "state=", "-o", "lstart=", "-p", String(pid)], { env: PLAIN });
    return startedAfterBoot(stdout, bootSeconds((await sysctl("-n", "kern.boottime")).toString()));
  } catch (error) {
    // Status 1 is how ps(1) says that there is no such process. Whoever cannot be asked about is not dead for that.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw error;
  }
}

/** A process of this boot; undefined where there is none of that pid. */
export async function actorOf(pid: number): Promise<Actor | undefined> {
  const started = await startOf(pid);
  return started === undefined ? undefined : { pid, started, boot: await currentBoot() };
}

/** This process. */
export function currentActor(): Promise<Actor> {
  own ??= (async () => ({
    pid: process.pid,
    started: (await startOf(process.pid)) ?? "",
    boot: await currentBoot(),
  }))();
  return own;
}

/** Whether two starts are of one process. */
function sameStart(one: string, other: string | undefined): boolean {
  return other !== undefined && Math.abs(Number(one) - Number(other)) <= SLACK_SECONDS;
}

/** Whether a process is still the one it was. */
export async function actorAlive(actor: Actor): Promise<boolean> {
  if (actor.boot !== (await currentBoot())) return false;
  const started = actor.pid === process.pid ? (await currentActor()).started : await startOf(actor.pid);
  return sameStart(actor.started, started);
}

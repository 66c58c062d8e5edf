import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Actor } from "./machine.js";

const run = promisify(execFile);
/** Times are compared as words, so every process must get the same ones, whatever its language and time zone. */
const PLAIN = { LC_ALL: "C", TZ: "UTC0", PATH: "/bin:/usr/bin" };
let ownBoot: Promise<string> | undefined;
let own: Promise<Actor> | undefined;

async function sysctl(name: string): Promise<string> {
  const { stdout } = await run("/sbin/sysctl", ["-n", name]);
  return stdout.trim();
}

async function readBoot(): Promise<string> {
  if (process.platform === "linux") return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  // kern.boot_id is younger than kern.boottime, which moves when the clock is set.
  try {
    return await sysctl("kern.boot_id");
  } catch {
    return /sec = (\d+)/.exec(await sysctl("kern.boottime"))?.[1] ?? "";
  }
}

/** Which boot of this machine runs now. */
export function currentBoot(): Promise<string> {
  ownBoot ??= readBoot();
  return ownBoot;
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
    const { stdout } = await run("/bin/ps", ["-o", "state=,lstart=", "-p", String(pid)], { env: PLAIN });
    const text = stdout.trim();
    return text === "" || text.startsWith("Z") ? undefined : text.replace(/^\S+\s+/, "");
  } catch (error) {
    // Status 1 is how ps(1) says that there is no such process. Whoever cannot be asked about is not dead for that.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw error;
  }
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

/** A process of this boot; undefined where there is none of that pid. */
export async function actorOf(pid: number): Promise<Actor | undefined> {
  const started = await startOf(pid);
  return started === undefined ? undefined : { pid, started, boot: await currentBoot() };
}

/** Whether a process is still the one it was. */
export async function actorAlive(actor: Actor): Promise<boolean> {
  if (actor.boot !== (await currentBoot())) return false;
  if (actor.pid === process.pid) return actor.started === (await currentActor()).started;
  return (await startOf(actor.pid)) === actor.started;
}

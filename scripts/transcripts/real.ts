import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FREEBSD_HOSTS } from "./freebsd-folders.js";
import { type CaseMachine, layOut } from "./machine.js";
import { type Case, RECORDED_FOLDER, type Step } from "./recording.js";
import { runShell } from "./shell.js";

const root = join(__dirname, "..", "..");
const SYSTEM_PATH = "/sbin:/bin:/usr/sbin:/usr/bin";

/** How long one step may take. */
const STEP_SECONDS = 60;

function system(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** Makes a jail and removes it. Returns its jid: the last one that the kernel gave out. */
function nextJid(): number {
  const jid = Number(system("/usr/sbin/jail", "-i", "-c", "path=/", "persist"));
  system("/usr/sbin/jail", "-R", String(jid));
  return jid;
}

/** Has the kernel give out jids up to one. Returns false where it is past that. */
function reachJid(wanted: number): boolean {
  let last = nextJid();
  while (last < wanted) last = nextJid();
  return last === wanted;
}

function removeJails(): void {
  try {
    system("/usr/sbin/jail", "-R", "*");
  } catch {
    // There was none.
  }
}

function unmountAll(folder: string): void {
  const places = system("/sbin/mount", "-p")
    .split("\n")
    .map((line) => line.split(/\s+/)[1] ?? "")
    .filter((place) => place.startsWith(`${folder}/`));
  for (const place of places.reverse()) system("/sbin/umount", "-f", place);
}

function clear(): void {
  removeJails();
  unmountAll(RECORDED_FOLDER);
  rmSync(RECORDED_FOLDER, { recursive: true, force: true });
}

/** This host's release, where the recording's host said its own. */
function asHostOf(release: string): (text: string) => string {
  const was = FREEBSD_HOSTS[release];
  const [osrelease = "", osreldate = ""] = system("/sbin/sysctl", "-n", "kern.osrelease", "kern.osreldate").split("\n");
  if (was === undefined) return (text) => text;
  return (text) => text.replaceAll(osrelease, was.osrelease).replaceAll(osreldate, String(was.osreldate));
}

function freshFolder(each: Case): void {
  clear();
  mkdirSync(RECORDED_FOLDER, { recursive: true });
  layOut(each, RECORDED_FOLDER, (text) => text);
}

const unchanged = (text: string): string => text;

/** A machine for a case whose commands are FreeBSD's own, on the kernel that runs here. All jails are removed. */
function baseMachine(each: Case): CaseMachine {
  freshFolder(each);
  const words = { asOurs: unchanged, asRecorded: unchanged };
  return { folder: RECORDED_FOLDER, env: { PATH: SYSTEM_PATH }, ...words, remove: clear };
}

/**
 * A machine for a case whose commands are ours, on the kernel that runs here; undefined where that has given out later jids
 * than those recorded. All jails are removed.
 */
export function realMachine(each: Case, release: string): CaseMachine | undefined {
  freshFolder(each);
  if (each.lastjid !== undefined && !reachJid(each.lastjid)) {
    clear();
    return undefined;
  }
  const scratch = mkdtempSync(join(tmpdir(), "t-"));
  for (const name of ["jail", "jls", "jexec"]) symlinkSync(join(root, "libexec", name), join(scratch, name));
  symlinkSync(process.execPath, join(scratch, "node"));
  const asHost = asHostOf(release);
  return {
    folder: RECORDED_FOLDER,
    env: { PATH: `${scratch}:${SYSTEM_PATH}`, BSDJAIL_KERNEL: "native" },
    alone: true,
    asOurs: unchanged,
    asRecorded: (text) => asHost(text.replaceAll(`${scratch}:`, "").replace(/^BSDJAIL_KERNEL=.*\n/gm, "")),
    remove() {
      clear();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Runs a case's steps by FreeBSD's own commands, and returns it with what they answered. */
export async function recordCase(each: Case): Promise<Case> {
  const machine = baseMachine(each);
  try {
    const lastjid = nextJid();
    const steps: Step[] = [];
    for (const { sh } of each.steps) steps.push({ sh, ...(await runShell(sh, machine, STEP_SECONDS)) });
    return { ...each, lastjid, steps };
  } finally {
    machine.remove();
  }
}

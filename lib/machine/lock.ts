import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { lockDescriptor } from "../native.js";
import { makeDirectories } from "./directories.js";
import {
  type LockHolder,
  type LockOptions,
  type Machine,
  MachineError,
  type MachineLock,
  type MachineOptions,
} from "./machine.js";

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;
/** Every holder's record has this length: it is written in one piece, over the one before. */
const RECORD_BYTES = 512;

type Waiting = Pick<Machine, "self" | "alive" | "sleep" | "now" | "random">;
type Holder = LockHolder & { readonly token: string };

/** What is written in a lock's file: who holds it. Undefined for nobody, and for what a writer that was killed left. */
function parse(text: string): Holder | undefined {
  try {
    return (JSON.parse(text) as Holder | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function record(holder: Holder | undefined): Buffer {
  const text = JSON.stringify(holder ?? null);
  // A purpose may be of any length; it only explains.
  const bytes = Buffer.from(text);
  if (holder !== undefined && bytes.length > RECORD_BYTES) return record({ ...holder, purpose: "" });
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, RECORD_BYTES - bytes.length), " ")]);
}

/** What a lock's file says when nobody holds it. */
const FREE = record(undefined).toString("utf8");

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw asMachineError(error, path);
  }
}

function asMachineError(error: unknown, path: string): MachineError {
  const { code = "EIO", syscall = "open" } = error as NodeJS.ErrnoException;
  return new MachineError(code, syscall, path);
}

function openLock(path: string): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    makeDirectories(dirname(path), 0o700);
    return openSync(path, flags, 0o600);
  }
}

/**
 * Writes who holds it, where what is expected stands there; else returns what does. For that moment alone a flock(2) is
 * held, which the kernel takes back from a process that is killed.
 */
function exchange(path: string, expected: string, bytes: Buffer): string | undefined {
  try {
    const fd = openLock(path);
    try {
      lockDescriptor(fd);
      const there = Buffer.alloc(RECORD_BYTES * 2);
      const text = there.toString("utf8", 0, readSync(fd, there, 0, there.length, 0));
      // One that was only just made says nothing yet.
      if (text !== expected && !(text === "" && expected === FREE)) return text;
      if (writeSync(fd, bytes, 0, bytes.length, 0) < bytes.length) {
        throw Object.assign(new Error("a lock's record was cut"), { code: "ENOSPC", syscall: "write" });
      }
      return undefined;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw asMachineError(error, path);
  }
}

/**
 * Takes the lock that a file stands for, waiting while a living process holds it. A holder that has ended, or that belongs
 * to an earlier boot of the machine, holds nothing.
 */
export async function takeLock(
  machine: Waiting,
  path: string,
  purpose: string,
  options: LockOptions = {},
): Promise<MachineLock> {
  const self = await machine.self(options);
  const token = Buffer.from(machine.random(12)).toString("hex");
  let told = "";
  let wait = FIRST_WAIT_MS;
  // Mostly nobody holds it: that is tried before anything is read.
  let expected = FREE;
  for (;;) {
    options.signal?.throwIfAborted();
    const mine = record({ ...self, purpose, since: machine.now(), token });
    const there = exchange(path, expected, mine);
    if (there === undefined) return release(path, mine);
    const holder = parse(there);
    if (holder === undefined || !(await machine.alive(holder, options))) {
      expected = there;
      continue;
    }
    if (holder.token !== told) {
      told = holder.token;
      options.onWait?.(holder);
    }
    await machine.sleep(wait, options);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    expected = FREE;
  }
}

/** Who holds the lock that a file stands for; undefined where nobody living does. */
export async function currentHolder(
  machine: Pick<Machine, "alive">,
  path: string,
  options: MachineOptions = {},
): Promise<LockHolder | undefined> {
  const holder = parse(read(path));
  return holder !== undefined && (await machine.alive(holder, options)) ? holder : undefined;
}

function release(path: string, mine: Buffer): MachineLock {
  let held = true;
  return {
    async release() {
      if (!held) return;
      held = false;
      // What else stands there is another's, who took it for that of a process that has ended.
      exchange(path, mine.toString("utf8"), Buffer.from(FREE));
    },
  };
}

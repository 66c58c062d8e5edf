/** Jails for tests: named so that they are known for ours, gone with the test, with the process, or with the next run. */
import { JailStateError } from "../errors.js";
import type { JailHost } from "../host.js";
import type { Jail } from "../jail.js";
import type { JailParameters } from "../params/types.js";

const PREFIX = "vitest";
/** How long a jail may be dying after its test. */
const GONE_MS = 10_000;

let count = 0;

/** The next name: it tells which process made it. */
function nextName(): string {
  return `${PREFIX}-${process.pid}-${++count}`;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Removes jails that tests of processes made that are gone. Returns their names. */
export async function sweepJails(host: JailHost): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const { jid, name } of await host.list(["jid", "name"])) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-\\d+$`).exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid || alive(Number(pid))) continue;
    const jail = await host.open(jid);
    await jail.remove({ timeout: GONE_MS });
    swept.push(name);
  }
  return swept;
}

/**
 * Makes a jail that goes with this process: where the kernel has no jail descriptors, the next run removes what a killed
 * one left.
 */
export async function makeJail(host: JailHost, parameters: JailParameters): Promise<Jail> {
  const named: JailParameters = { path: "/", ...parameters, name: parameters.name ?? nextName() };
  try {
    return await host.create(named, { owned: true });
  } catch (error) {
    if (!(error instanceof JailStateError) && !lacksDescriptors(error)) throw error;
    return await host.create(named);
  }
}

/** Kernels before 15 refuse the flag that asks for an owning descriptor, without a text. */
function lacksDescriptors(error: unknown): boolean {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return code === "EINVAL" && syscall === "jail_set";
}

/** Removes a test's jail. A test may have removed it itself. */
export async function removeJail(jail: Jail): Promise<void> {
  await jail.remove({ timeout: GONE_MS });
}

/** `expect(work).toLeaveNothing()`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JailHost } from "../host.js";
import type { Machine } from "../machine/machine.js";
import { workerHost } from "./host.js";
import { type Difference, differenceLines, differences, PLACES, type Place, takeSnapshot } from "./snapshot.js";

/** Options of `toLeaveNothing`. */
export interface LeaveOptions {
  /** The host that is looked at. Default: that of the fixture `host`. */
  readonly host?: JailHost | undefined;
  /** The machine around it. Default: that of the host's lifecycle. */
  readonly machine?: Machine | undefined;
  /** What is looked at. Default: everything, `["jails", "mounts", "interfaces", "aliases", "rulesets"]`. */
  readonly places?: readonly Place[] | undefined;
  /** Milliseconds that what is left may take to go: a removed jail is dying for a while. Default 5000. */
  readonly within?: number | undefined;
}

const WITHIN_MS = 5000;
const LOOK_AGAIN_MS = 25;

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** Asks until nothing is left or the time is over. */
async function settled(look: () => Promise<readonly Difference[]>, within: number): Promise<readonly Difference[]> {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await look();
    if (found.length === 0 || performance.now() >= deadline) return found;
    await sleep(LOOK_AGAIN_MS);
  }
}

/** The matcher. The work's own failure is a failure too, told with what it left. */
export async function toLeaveNothing(
  this: { readonly isNot?: boolean | undefined },
  work: unknown,
  options: LeaveOptions = {},
): Promise<MatcherResult> {
  if (typeof work !== "function")
    throw new TypeError("toLeaveNothing wants a function: expect(async () => …).toLeaveNothing()");
  const { host = workerHost(), places = PLACES, within = WITHIN_MS } = options;
  const machine = options.machine ?? host.lifecycle().machine;
  const before = await takeSnapshot(host, machine, places);
  let failure: unknown;
  try {
    await work();
  } catch (thrown) {
    failure = thrown ?? new Error("it failed without a reason");
  }
  const look = async () => differences(before, await takeSnapshot(host, machine, places));
  // Where something is expected to be left, there is nothing to wait for.
  const found = await settled(look, this.isNot ? 0 : within);
  const lines = differenceLines(found);
  if (failure !== undefined) {
    const cause = failure instanceof Error ? failure : new Error(String(failure));
    if (found.length > 0) cause.message += `\nand the machine is not as it was:\n${lines.join("\n")}`;
    throw cause;
  }
  return {
    pass: found.length === 0,
    message: () =>
      found.length === 0
        ? `expected something to be left of ${places.join(", ")}`
        : `expected nothing to be left (+), and nothing to be missing (-):\n${lines.join("\n")}`,
  };
}

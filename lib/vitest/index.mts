/**
 * For tests of programs that work with jails, with vitest: `import { expect, test } from "bsdjail/vitest"`.
 *
 * `test` has the fixtures of {@link JailFixtures}; `expect` has the matcher `toLeaveNothing`, and so has vitest's own
 * `expect` once this module is imported. On FreeBSD tests work on the machine's own kernel, elsewhere on a simulated one.
 */
import { test as base, expect } from "vitest";
import type { JailHost } from "../host.js";
import type { Jail } from "../jail.js";
import type { Lifecycle } from "../lifecycle/index.js";
import type { JailParameters } from "../params/types.js";
import { Faults } from "./faults.js";
import { onOwnKernel, workerHost } from "./host.js";
import { makeJail, removeJail, sweepJails } from "./jails.js";
import { type LeaveOptions, toLeaveNothing } from "./matcher.mjs";

export { type FaultOptions, Faults, type FaultyCall } from "./faults.js";
export type { LeaveOptions } from "./matcher.mjs";
export type { Place } from "./snapshot.js";
export { expect, workerHost };

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: vitest's own declaration has these words
  interface Matchers<T = any> {
    /**
     * Runs the function that was given to `expect` and compares the machine before and after: jails, mounts, interfaces,
     * addresses of interfaces, rules of devfs. To be awaited.
     *
     * @param options where to look, at what, and how long what is left may take to go
     */
    toLeaveNothing(options?: LeaveOptions): Promise<void>;
  }
}

expect.extend({ toLeaveNothing });

/** What a test can ask for. */
export interface JailFixtures {
  /** Of a simulated kernel: its release, `15.1`. Another one by `test.extend({ release: "14.3" })`. */
  release: string | undefined;
  /** Parameters of {@link JailFixtures.jail}. Others by `test.extend({ jailParameters: { … } })`. Default `{ path: "/" }`. */
  jailParameters: JailParameters;
  /** This machine where it has jails, else a simulated host of this worker. */
  host: JailHost;
  /** The lifecycle of the host's jails. */
  lifecycle: Lifecycle;
  /** A jail for this test. It is gone afterwards, and with the process. */
  jail: Jail;
  /** Failures of the kernel's calls, by name. A test on a real kernel is skipped by asking for them. */
  faults: Faults;
}

/** Hosts on which leftovers were looked for. */
const swept = new WeakSet<JailHost>();

/** vitest's `test`, with the fixtures of {@link JailFixtures}. */
export const test = base.extend<JailFixtures>({
  release: undefined,
  jailParameters: {},

  host: async ({ release }, use) => {
    const host = workerHost(release);
    if (!swept.has(host)) await sweepJails(host);
    swept.add(host);
    await use(host);
  },

  lifecycle: async ({ host }, use) => {
    await use(host.lifecycle());
  },

  jail: async ({ host, jailParameters }, use) => {
    const jail = await makeJail(host, jailParameters);
    await use(jail);
    await removeJail(jail);
  },

  faults: async ({ host, skip }, use) => {
    if (host.simulation === undefined) return skip("faults can be injected into a simulated kernel only");
    const faults = new Faults(host.simulation);
    await use(faults);
    faults.clear();
  },
});

/** The same as {@link test}. */
export const it = test;

export { onOwnKernel };

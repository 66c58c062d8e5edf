/** The kernels that scenarios are replayed on. */
import {
  JAIL_AT_DESC,
  JAIL_DYING,
  JAIL_GET_DESC,
  JAIL_OWN_DESC,
  JAIL_USE_DESC,
  type LocalKernel,
  type RawSimulatedOptions,
  type SimulatedControls,
  type SimulatedView,
} from "../../lib/binding.js";
import { openNative, openSimulated } from "../../lib/native.js";
import { callsOf, type Face } from "./calls.js";
import { ANY } from "./compare.js";
import { hostFacts } from "./facts.js";
import { packParams } from "./iovec.js";
import { Ground } from "./native.js";
import { startPerformer } from "./performer.js";
import { type HostFacts, type Scenario, type Step, someStep } from "./recording.js";
import { type Caller, type Difference, Ended, replay, resultOf, runJob } from "./replay.js";

/** What the recordings' hosts called themselves, where a scenario does not say it. */
const HOST = { hostname: "jailvm", hostuuid: "11111111-2222-3333-4444-555555555555", hostid: 305419896n };
const HOSTS: Readonly<Record<string, { osrelease: string; osreldate: number }>> = {
  "13.2": { osrelease: "13.2-RELEASE", osreldate: 1302001 },
  "14.0": { osrelease: "14.0-STABLE", osreldate: 1400507 },
  "15.1": { osrelease: "15.1-STABLE", osreldate: 1501502 },
};

export interface Conformed {
  /**
   * Does the scenario's steps on a host without jails, as it wants it.
   *
   * @returns the first difference, or undefined
   * @throws Skipped where this kernel cannot do a step
   */
  replay(scenario: Scenario): Promise<Difference | undefined>;
  /** The kernel of a host without jails. */
  kernel(): Promise<LocalKernel>;
  close(): Promise<void>;
}

/** Makes every call of a process that was killed with its jail an {@link Ended}. */
function mortal<T extends object>(calls: T, view: SimulatedView): T {
  return new Proxy(calls, {
    get(target, key) {
      const method = Reflect.get(target, key) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        const result = await method.apply(target, args);
        if (!view.alive) throw new Ended("killed with its jail");
        return result;
      };
    },
  });
}

/** Whether `setuid(2)` would succeed: of the superuser, where its jail leaves it its privilege. */
function mayBecome(view: SimulatedView, uid: number): boolean {
  const { data } = view.kernel.sysctlSync("security.bsd.suser_enabled");
  return view.uid === uid || (view.uid === 0 && data[0] !== 0);
}

/** A simulated process; its children are forks of it. */
function simulatedCaller(view: SimulatedView, controls: SimulatedControls, face: Face): Caller {
  const calls = callsOf(view.kernel, face);
  const nameOf = (jid: number): string => {
    const { data, error } = view.kernel.jailReadSync({ jid }, [{ name: "name", size: 256, grows: false }], JAIL_DYING);
    return error === undefined ? Buffer.from(data).toString() : "";
  };
  return {
    calls: mortal(calls, view),
    async enter(where, job) {
      const child = view.fork();
      try {
        if ("uid" in where) {
          if (!mayBecome(child, where.uid)) return { result: { ret: -1, errno: "EPERM" } };
          child.setuid(where.uid);
        } else {
          const entered = child.attach(where.jid);
          if (entered.error !== undefined) return { result: resultOf(entered) };
        }
        return { result: { ret: 0 }, performed: await runJob(job, simulatedCaller(child, controls, face)) };
      } finally {
        child.exit();
      }
    },
    async attach(jid) {
      const child = view.fork();
      const result = resultOf(child.attach(jid));
      child.exit();
      return result;
    },
    async hold(jid) {
      const child = view.fork();
      if (child.attach(jid).error === undefined) return async () => child.exit();
      child.exit();
      return undefined;
    },
    async keep(jid) {
      // Only a living jail below this process's can be entered to open a file there.
      const child = view.fork();
      const { error } = child.attach(jid);
      child.exit();
      if (error !== undefined || controls.holdDying(jid).error !== undefined) return undefined;
      const name = nameOf(jid);
      return async () => {
        if (controls.finishDying(jid).error === undefined) return;
        // A new jail took its jid: it has another one now.
        for (let at = jid; ; ) {
          const next = await calls.jailGet(packParams([["lastjid", "int", at]], Number), JAIL_DYING);
          if (next.error !== undefined) return;
          at = next.value;
          if (nameOf(at) === name && controls.finishDying(at).error === undefined) return;
        }
      };
    },
  };
}

/** A simulated machine of this release for each scenario; `facts` in place of those of the recordings' hosts. */
export function simulatedMachines(release: string, face: Face = "sync", facts: RawSimulatedOptions = {}): Conformed {
  const begin = (scenario?: Scenario) => {
    const { value: machine, error } = openSimulated({
      release,
      ...HOST,
      ...HOSTS[release],
      ...(scenario?.host && { ...scenario.host, hostid: BigInt(scenario.host.hostid) }),
      paths: "freebsd",
      lastJid: scenario?.lastjid ?? 0,
      lastDeadJid: scenario?.lastdead ?? 0,
      // The recording process had its three standard streams open and nothing else.
      firstDescriptor: 3,
      ...facts,
    });
    if (error !== undefined) throw new Error(error.message);
    return { view: machine.controls.process(), controls: machine.controls };
  };
  return {
    async replay(scenario) {
      const { view, controls } = begin(scenario);
      return replay(scenario, simulatedCaller(view, controls, face));
    },
    kernel: async () => begin().view.kernel,
    async close() {},
  };
}

/** The scenario with what this host is called where the recording's host was; descriptors have any numbers. */
function fitted(scenario: Scenario, release: string, host: HostFacts): Scenario {
  const was = scenario.host ?? { ...HOST, ...HOSTS[release], domainname: "" };
  const text = (value: string) => Buffer.from(value).toString("hex");
  const int = (value: number | bigint = 0, size = 4) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes.toString("hex", 0, size);
  };
  const instead = new Map([
    [`osrelease ${text(was.osrelease ?? "")}`, text(host.osrelease)],
    [`osreldate ${int(was.osreldate)}`, int(host.osreldate)],
    [`host.hostid ${int(was.hostid, 8)}`, int(host.hostid, 8)],
    [`host.hostname ${text(was.hostname)}`, text(host.hostname)],
    [`host.hostuuid ${text(was.hostuuid)}`, text(host.hostuuid)],
  ]);
  const fit = (step: Step): Step => ({
    ...step,
    ...(step.steps && { steps: step.steps.map(fit) }),
    ...(step.result?.out && {
      result: {
        ...step.result,
        out: step.result.out.map((out) => ({
          ...out,
          hex: out.name === "desc" ? ANY : (instead.get(`${out.name} ${out.hex}`) ?? out.hex),
        })),
      },
    }),
  });
  return { ...scenario, steps: scenario.steps.map(fit) };
}

/** Descriptors belong to a process and its children, and those that are open when it ends go with it. */
const usesDescriptors = ({ flags = 0 }: Step) =>
  (flags & (JAIL_USE_DESC | JAIL_AT_DESC | JAIL_GET_DESC | JAIL_OWN_DESC)) !== 0;

/**
 * This machine's own kernel through the addon, which must have no jails: what a scenario leaves is removed. What takes a
 * process of its own is done by a performer.
 */
export async function nativeMachine(release: string, face: Face = "sync"): Promise<Conformed> {
  const { value: kernel, error } = openNative();
  if (error !== undefined) throw new Error(error.message);
  const performer = await startPerformer(undefined);
  const host = await hostFacts(performer.caller.calls);
  const caller = { ...performer.caller, calls: callsOf(kernel, face) };
  const ground = await Ground.of(caller);
  return {
    async replay(scenario) {
      const { steps, lastjid, lastdead } = scenario;
      await ground.clear();
      try {
        const keeps = someStep(steps, ({ op }) => op === "keep");
        if (keeps && lastdead !== undefined) await ground.advanceDead(lastdead);
        await ground.advance(lastjid);
        const by = (who: Caller) => replay(fitted(scenario, release, host), who);
        return await (someStep(steps, usesDescriptors) ? performer.fresh(by) : by(caller));
      } finally {
        await ground.cleanUp(scenario);
      }
    },
    kernel: async () => kernel,
    close: () => performer.close(),
  };
}

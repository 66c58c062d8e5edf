/** The kernels that scenarios are replayed on. */
import type { SimulatedView } from "../../lib/binding.js";
import { openNative, openSimulated } from "../../lib/native.js";
import { type NativeMachine, openNativeMachine } from "./native.js";
import type { Scenario } from "./recording.js";
import { type Caller, resultOf, runJob } from "./replay.js";

/** What the recordings' hosts called themselves; everything else that a scenario shows of its host is the same in all. */
const HOSTS: Readonly<Record<string, { osrelease: string; osreldate: number }>> = {
  "13.2": { osrelease: "13.2-RELEASE", osreldate: 1302001 },
  "14.0": { osrelease: "14.0-STABLE", osreldate: 1400507 },
  "15.1": { osrelease: "15.1-STABLE", osreldate: 1501502 },
};

export interface Conformed {
  /** A process on a host without jails, as the scenario wants it. */
  begin(scenario: Scenario): Promise<Caller>;
  end(): Promise<void>;
}

/** A simulated process; its children are forks of it. */
function simulatedCaller(view: SimulatedView): Caller {
  return {
    kernel: view.kernel,
    async enter(where, job) {
      const child = view.fork();
      try {
        if ("uid" in where) {
          child.setuid(where.uid);
        } else {
          const entered = child.attach(where.jid);
          if (entered.error !== undefined) return { result: resultOf(entered) };
        }
        return { result: { ret: 0 }, found: await runJob(job, simulatedCaller(child)) };
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
  };
}

/** A simulated machine of this release for each scenario. */
export function simulatedMachines(release: string): Conformed {
  return {
    async begin(scenario) {
      const { value: machine, error } = openSimulated({
        release,
        ...HOSTS[release],
        hostname: "jailvm",
        hostuuid: "11111111-2222-3333-4444-555555555555",
        hostid: 305419896n,
        paths: "freebsd",
        lastJid: scenario.lastjid,
        // The recording process had its three standard streams open and nothing else.
        firstDescriptor: 3,
      });
      if (error !== undefined) throw new Error(error.message);
      return simulatedCaller(machine.controls.process());
    },
    async end() {},
  };
}

/** This machine's own kernel, which must have no jails: what a scenario leaves is removed. */
export async function nativeMachine(): Promise<Conformed> {
  const { value: kernel, error } = openNative();
  if (error !== undefined) throw new Error(error.message);
  const machine: NativeMachine = await openNativeMachine(kernel);
  return {
    begin: (scenario) => machine.begin(scenario.lastjid),
    end: () => machine.clear(),
  };
}

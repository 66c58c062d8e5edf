/** A hundred jails up and down on the simulated kernel: what of each step is the engine's, the ledger's, the machine's. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostCommands } from "../../lib/exec/commands.js";
import { JailHost } from "../../lib/index.js";
import { HostJails } from "../../lib/lifecycle/jails.js";
import { Lifecycle } from "../../lib/lifecycle/lifecycle.js";
import type { JailDefinition } from "../../lib/lifecycle/parameters.js";
import { SimulatedMachine } from "../../lib/machine/simulated/machine.js";
import type { Bench, Round } from "./bench.js";

const JAILS = 100;
const rounds = 3;
const BOOKS = "/var/db/bsdjail";

/** Milliseconds inside calls of another part, by part. */
interface Spent {
  machine: number;
  ledger: number;
  jails: number;
}

/** The same object, with the time of its asynchronous calls noted. One call at a time: their times can be added. */
function noted<T extends object>(object: T, part: (args: readonly unknown[]) => keyof Spent, spent: Spent): T {
  let depth = 0;
  return new Proxy(object, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const began = performance.now();
        const result: unknown = value.apply(target, args);
        if (!(result instanceof Promise)) return result;
        depth++;
        return result.finally(() => {
          if (--depth === 0) spent[part(args)] += performance.now() - began;
        });
      };
    },
  });
}

/** A jail with an address, two mounts and commands inside and outside; each third needs the one before. */
function definition(number: number): JailDefinition {
  const name = `jail${number}`;
  return {
    name,
    parameters: {
      path: `/jails/${name}`,
      persist: true,
      interface: "lo0",
      "ip4.addr": `10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`,
      "mount.devfs": true,
      mount: `tmpfs /jails/${name}/tmp tmpfs rw 0 0`,
      "exec.start": "true",
      "exec.poststart": "true",
      "exec.stop": "true",
      "stop.timeout": 0,
      ...(number % 3 === 0 ? {} : { depend: `jail${number - 1}` }),
    },
  };
}

function world() {
  const root = mkdtempSync(join(tmpdir(), "bsdjail-bench-"));
  for (let i = 0; i < JAILS; i++) {
    for (const name of ["dev", "tmp"]) mkdirSync(join(root, `jails/jail${i}/${name}`), { recursive: true });
  }
  const host = JailHost.simulated();
  const jails = new HostJails(host, hostCommands(host));
  const machine = new SimulatedMachine({ root, jails: () => jails.forMachine() });
  return { root, jails, machine };
}

/** A round that starts and stops all of them; `answer` makes its result of what was counted. */
function round(parallel: number, answer: (counted: { steps: number; ms: number; spent: Spent }) => number): Round {
  const { root, jails, machine } = world();
  const spent: Spent = { machine: 0, ledger: 0, jails: 0 };
  const ofBooks = ([path]: readonly unknown[]) => typeof path === "string" && path.startsWith(BOOKS);
  const lifecycle = new Lifecycle({
    jails: noted(jails, () => "jails", spent),
    machine: noted(machine, (args) => (ofBooks(args) ? "ledger" : "machine"), spent),
    directory: BOOKS,
  });
  const definitions = Array.from({ length: JAILS }, (_, number) => definition(number));
  return {
    operations: JAILS,
    async run() {
      Object.assign(spent, { machine: 0, ledger: 0, jails: 0 });
      let steps = 0;
      const began = performance.now();
      const onEvent = ({ type }: { type: string }) => {
        if (type === "step") steps++;
      };
      for (const run of [lifecycle.up.bind(lifecycle), lifecycle.down.bind(lifecycle)]) {
        const { ok, jails: ended } = await run(definitions, { parallel, onEvent }).result;
        if (!ok || ended.length !== JAILS) throw new Error("not every jail went up and down");
      }
      return answer({ steps, ms: performance.now() - began, spent }) * 1e6;
    },
    end: () => rmSync(root, { recursive: true }),
  };
}

const one = (part: (ms: number, spent: Spent) => number) => () =>
  round(1, ({ steps, ms, spent }) => part(ms, spent) / steps);

export const benches: readonly Bench[] = [
  {
    title: `lifecycle: a jail up and down, of ${JAILS} at once`,
    rounds,
    prepare: () => round(16, ({ ms }) => ms / JAILS),
  },
  { title: "lifecycle: a step, one after the other", rounds, prepare: one((ms) => ms) },
  {
    title: "lifecycle: a step, the engine's own part",
    rounds,
    prepare: one((ms, { machine, ledger, jails }) => ms - machine - ledger - jails),
  },
  { title: "lifecycle: a step, the ledger's part", rounds, prepare: one((_ms, { ledger }) => ledger) },
  {
    title: "lifecycle: a step, the machine's and the kernel's part",
    rounds,
    prepare: one((_ms, { machine, jails }) => machine + jails),
  },
];

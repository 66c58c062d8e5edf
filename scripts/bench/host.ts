/** What a program calls: typed parameters, objects as results. Beside the same C++ loops as the raw calls. */
import { JailHost, type JailParameterName } from "../../lib/index.js";
import type { Bench } from "./bench.js";

const JAILS = 1000;
const FIVE = ["name", "path", "host.hostname", "securelevel", "persist"] as const;

/** The same jail as the baseline makes. */
function parameters(number: number) {
  return {
    name: `jail${number}`,
    path: "/",
    "host.hostname": `jail${number}.example.org`,
    "ip4.addr": [`10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`],
  };
}

export const benches: readonly Bench[] = [
  {
    title: "JailHost: create and remove, sync",
    baseline: "create-remove",
    prepare() {
      const host = JailHost.simulated();
      return {
        operations: 1000,
        run() {
          for (let i = 0; i < 1000; i++) host.createSync(parameters(i % 250)).removeSync();
        },
      };
    },
  },
  {
    title: "Jail: five parameters, sync",
    baseline: "get",
    prepare() {
      const jail = JailHost.simulated().createSync(parameters(1));
      return {
        operations: 10_000,
        run() {
          for (let i = 0; i < 10_000; i++) jail.getSync(FIVE);
        },
      };
    },
  },
  {
    title: "Jail: five parameters, async, one by one",
    baseline: "get",
    prepare() {
      const jail = JailHost.simulated().createSync(parameters(1));
      return {
        operations: 2000,
        async run() {
          for (let i = 0; i < 2000; i++) await jail.get(FIVE);
        },
      };
    },
  },
  {
    title: "JailHost: list of 1,000 jails, all parameters, sync",
    baseline: "list",
    prepare() {
      const host = JailHost.simulated();
      for (let i = 0; i < JAILS; i++) host.createSync(parameters(i));
      const names = Array.from(host.parameters, ({ name }) => name) as JailParameterName[];
      return {
        operations: 1,
        run() {
          if (host.listSync(names).length !== JAILS) throw new Error("the list is not whole");
        },
      };
    },
  },
];

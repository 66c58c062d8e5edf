/** What entering a jail costs beside starting a program: jail-exec's part is all that is not the kernel's. */
import { spawn, spawnSync } from "node:child_process";
import { launch, launchSync } from "../../lib/exec/launch.js";
import { JailHost } from "../../lib/index.js";
import type { Bench } from "./bench.js";

const TRUE = "/bin/true";
const ENTRY = { target: "outside", argv: [TRUE], environment: "none" } as const;
const TIMES = 50;

async function ended(start: () => ReturnType<typeof spawn>): Promise<void> {
  for (let i = 0; i < TIMES; i++) await new Promise((resolve) => start().once("close", resolve));
}

const plain = { operations: TIMES, run: () => ended(() => spawn(TRUE, { stdio: "ignore", env: {} })) };

export const benches: readonly Bench[] = [
  {
    title: "jail-exec: true, beside a plain spawn of true",
    beside: () => plain,
    prepare: () => ({ operations: TIMES, run: () => ended(() => launch(ENTRY, { stdio: "ignore" })) }),
  },
  {
    title: "jail-exec: true, sync, beside a plain spawnSync of true",
    beside: () => ({
      operations: TIMES,
      run() {
        for (let i = 0; i < TIMES; i++) spawnSync(TRUE, { stdio: "ignore", env: {} });
      },
    }),
    prepare: () => ({
      operations: TIMES,
      run() {
        for (let i = 0; i < TIMES; i++) launchSync(ENTRY, { stdio: "ignore" });
      },
    }),
  },
  {
    title: "Jail: exec of true through jail-exec, beside a plain spawn of true",
    beside: () => plain,
    async prepare() {
      const jail = await JailHost.simulated({ commands: "host" }).create({ name: "web" });
      return {
        operations: TIMES,
        async run() {
          for (let i = 0; i < TIMES; i++) await jail.exec(TRUE);
        },
      };
    },
  },
];

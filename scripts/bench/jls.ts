/** `bsdjail jls` and `list` as a process of its own, beside a Node.js that does nothing. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JailHost } from "../../lib/index.js";
import type { Bench, Round } from "./bench.js";

const JLS = join(__dirname, "..", "..", "libexec", "jls");
const MAIN = join(__dirname, "..", "..", "dist", "cli", "main.js");
const MANY = 1000;

function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): bigint {
  const began = process.hrtime.bigint();
  execFileSync(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  return process.hrtime.bigint() - began;
}

/** How much longer a command takes than `node -e 0` run just before it, on a machine with so many jails. */
async function prepare(jails: number, command: readonly string[] = [JLS]): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const state = join(folder, "kernel");
  const host = JailHost.simulated({ stateFile: state });
  for (let at = 0; at < jails; at++)
    await host.create({ name: `jail${at}`, path: "/", "ip4.addr": [`10.0.${at >> 8}.${at & 255}`] });
  const env = { ...process.env, BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: state };
  return {
    operations: 1,
    async run() {
      const empty = run(["-e", "0"]);
      return Number(run(command, env) - empty);
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const benches: readonly Bench[] = [
  {
    title: "bsdjail jls: longer than node -e 0",
    aim: { microseconds: 15_000 },
    rounds: 25,
    prepare: () => prepare(0),
  },
  { title: "bsdjail jls of 1,000 jails: longer than node -e 0", rounds: 9, prepare: () => prepare(MANY) },
  {
    title: "bsdjail jls -n of 1,000 jails: longer than node -e 0",
    rounds: 5,
    prepare: () => prepare(MANY, [JLS, "-n"]),
  },
  { title: "bsdjail list: longer than node -e 0", rounds: 25, prepare: () => prepare(0, [MAIN, "list"]) },
  {
    title: "bsdjail list --json of 1,000 jails: longer than node -e 0",
    rounds: 9,
    prepare: () => prepare(MANY, [MAIN, "list", "--json"]),
  },
];

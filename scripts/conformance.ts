/**
 * `npm run conformance -- FILE…`: replays recordings of a FreeBSD kernel through the addon onto the simulated kernel,
 * or onto this machine's own with BSDJAIL_KERNEL=native. Prints each scenario's first difference, then the counts.
 *
 * `--live [--seed N] [--count N] [--seconds N] [--out FOLDER]`: random sequences on this machine's kernel and on the
 * simulated one. `--record FILE…`: writes the scenarios of the files (without a file: random ones), with what this
 * machine's kernel answers, to standard output. Both need FreeBSD, as root, without jails; elsewhere the C library stands for the kernel.
 * `--perform COMMAND` makes the calls by a command of words without quotes: native/conformance/perform on another
 * machine, `ssh root@jails ./perform`.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Face } from "./conformance/calls.js";
import { live, recordAll } from "./conformance/live.js";
import { type Conformed, nativeMachine, simulatedMachines } from "./conformance/machines.js";
import { readParameters, unlikeNodes } from "./conformance/parameters.js";
import { startPerformer } from "./conformance/performer.js";
import { isParameters, readRecording, releaseOf } from "./conformance/recording.js";
import { Skipped } from "./conformance/replay.js";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

async function run(file: string, face: Face, counts: Counts): Promise<void> {
  const native = process.env.BSDJAIL_KERNEL === "native";
  const release = releaseOf(file);
  const machines: Conformed = native ? await nativeMachine(release, face) : simulatedMachines(release, face);
  try {
    if (isParameters(file)) await runParameters(file, machines, counts);
    else await runScenarios(file, machines, counts);
  } finally {
    await machines.close();
  }
}

async function runScenarios(file: string, machines: Conformed, counts: Counts): Promise<void> {
  for (const scenario of readRecording(file)) {
    try {
      const found = await machines.replay(scenario);
      if (found === undefined) {
        counts.passed += 1;
      } else {
        counts.failed += 1;
        console.log(`${file}: "${scenario.scenario}", step ${found.step} (${found.op}): ${found.what}`);
      }
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
      counts.skipped += 1;
      console.log(`${file}: "${scenario.scenario}": skipped: ${error.message}`);
    }
  }
}

/** Every node of a parameter recording counts as one. */
async function runParameters(file: string, machines: Conformed, counts: Counts): Promise<void> {
  const recorded = readParameters(file);
  const kernel = await machines.kernel();
  const lines = unlikeNodes(recorded, kernel.sysctlWalkSync("security.jail").nodes);
  for (const line of lines) console.log(`${file}: ${line}`);
  counts.failed += lines.length;
  counts.passed += Math.max(0, recorded.length - lines.length);
}

const USAGE = `usage: npm run conformance -- [--async] FILE…
       npm run conformance -- --live [--seed N] [--count N] [--seconds N] [--out FOLDER] [KERNEL]
       npm run conformance -- --record [FILE… | [--seed N] [--count N]] [KERNEL]
KERNEL: --perform COMMAND, or --release R for the C library's machine`;

/** A whole number given on the command line. @throws Error where it is none. */
function whole(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const number = Number(given);
  if (!/^\d+$/.test(given) || !Number.isSafeInteger(number))
    throw new Error(`--${option}: "${given}" is no whole number`);
  return number;
}

interface KernelArguments {
  readonly release: string;
  readonly perform?: string | undefined;
}

interface LiveArguments extends KernelArguments {
  readonly out: string;
  readonly seed?: string | undefined;
  readonly count?: string | undefined;
  readonly seconds?: string | undefined;
}

async function runLive({ release, perform, out, ...given }: LiveArguments): Promise<number> {
  const seed = whole("seed", given.seed) ?? Date.now() % 1_000_000_000;
  const seconds = whole("seconds", given.seconds);
  const count = whole("count", given.count) ?? (seconds === undefined ? 1000 : undefined);
  const performer = await startPerformer(perform?.split(" "), release);
  try {
    const { passed, failed } = await live(performer, { seed, count, seconds, folder: out });
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await performer.close();
  }
}

async function runRecord(files: readonly string[], { perform, release, ...given }: LiveArguments): Promise<number> {
  const drawn = { seed: whole("seed", given.seed) ?? 1, count: whole("count", given.count) ?? 100 };
  const performer = await startPerformer(perform?.split(" "), release);
  try {
    process.stdout.write(await recordAll(performer, files.flatMap(readRecording), drawn));
    return 0;
  } finally {
    await performer.close();
  }
}

async function main(): Promise<number> {
  const { values, positionals: files } = parseArgs({
    options: {
      async: { type: "boolean", default: false },
      live: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      release: { type: "string", default: "15.1" },
      perform: { type: "string" },
      seed: { type: "string" },
      count: { type: "string" },
      seconds: { type: "string" },
      out: { type: "string", default: join(__dirname, "../test/fixtures/kernel") },
    },
    allowPositionals: true,
  });
  if (values.live && !values.record && files.length === 0) return runLive(values);
  if (values.record && !values.live) return runRecord(files, values);
  if (values.live || values.record || files.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    try {
      await run(file, values.async ? "async" : "sync", counts);
    } catch (error) {
      counts.failed += 1;
      console.log(`${file}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  return counts.failed === 0 ? 0 : 1;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);

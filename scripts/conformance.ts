/**
 * `npm run conformance -- FILE…`: replays recordings of a FreeBSD kernel through the addon onto the simulated kernel,
 * or onto this machine's own with BSDJAIL_KERNEL=native. Prints each scenario's first difference, then the counts.
 */
import { parseArgs } from "node:util";
import { openNative } from "../lib/native.js";
import { type Conformed, nativeMachine, simulatedMachines } from "./conformance/machines.js";
import { CHILD, childMain } from "./conformance/native-caller.js";
import { readParameters, unlikeNodes } from "./conformance/parameters.js";
import { isParameters, readRecording, releaseOf } from "./conformance/recording.js";
import { type Face, replay, Skipped } from "./conformance/replay.js";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

async function run(file: string, face: Face, counts: Counts): Promise<void> {
  const native = process.env.BSDJAIL_KERNEL === "native";
  const machines: Conformed = native ? await nativeMachine() : simulatedMachines(releaseOf(file));
  if (isParameters(file)) return runParameters(file, machines, counts);
  const scenarios = readRecording(file);
  for (const scenario of scenarios) {
    try {
      const found = await replay(scenario, await machines.begin(scenario), face);
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
    } finally {
      await machines.end();
    }
  }
}

/** Every node of a parameter recording counts as one. */
async function runParameters(file: string, machines: Conformed, counts: Counts): Promise<void> {
  const recorded = readParameters(file);
  const { kernel } = await machines.begin({ scenario: "", lastjid: 1, steps: [] });
  const lines = unlikeNodes(recorded, kernel.sysctlWalkSync("security.jail").nodes);
  for (const line of lines) console.log(`${file}: ${line}`);
  counts.failed += lines.length;
  counts.passed += Math.max(0, recorded.length - lines.length);
  await machines.end();
}

async function main(): Promise<number> {
  if (process.argv[2] === CHILD) {
    const { value: kernel, error } = openNative();
    if (error !== undefined) throw new Error(error.message);
    await childMain(kernel, process.argv.slice(3));
    return 0;
  }
  const { values, positionals: files } = parseArgs({
    options: { async: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (files.length === 0) {
    console.error("usage: npm run conformance -- [--async] FILE…");
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

main().then((status) => {
  process.exitCode = status;
});

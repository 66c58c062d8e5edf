import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { simulatedMachines } from "../../scripts/conformance/machines.js";
import { readParameters, unlikeNodes } from "../../scripts/conformance/parameters.js";
import { isParameters, readRecording, releaseOf } from "../../scripts/conformance/recording.js";

const folder = join(__dirname, "../fixtures/kernel");
const files = readdirSync(folder).filter((file) => file.endsWith(".json"));

it("there are recordings of three releases", () => {
  expect(new Set(files.map(releaseOf))).toEqual(new Set(["13.2", "14.0", "15.1"]));
});

describe.each(files.filter((file) => !isParameters(file)))("%s", (file) => {
  it.each(readRecording(join(folder, file)))("$scenario", async (scenario) => {
    for (const face of ["sync", "async"] as const) {
      const machines = simulatedMachines(releaseOf(file), face);
      expect(await machines.replay(scenario), face).toBeUndefined();
    }
  });
});

describe.each(files.filter(isParameters))("%s", (file) => {
  it("every sysctl is described as recorded", async () => {
    const recorded = readParameters(join(folder, file));
    const kernel = await simulatedMachines(releaseOf(file)).kernel();
    expect(recorded.length).toBeGreaterThan(50);
    expect(unlikeNodes(recorded, kernel.sysctlWalkSync("security.jail").nodes)).toEqual([]);
  });
});

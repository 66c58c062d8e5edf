import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They take half a minute and more: one that began last would be waited for alone. */
const LONG = /\/(?:vm\/linux-guest|commands\/transcripts|lifecycle\/kill)\.test\.ts$/;

class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(long), ...sorted.filter((file) => !long(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Simulated machines do not see each other; on FreeBSD every file's tests are on the same one.
    maxWorkers: process.platform === "freebsd" ? 1 : availableParallelism(),
    sequence: { sequencer: LongOnesFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});

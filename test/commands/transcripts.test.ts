import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCases, releaseOf } from "../../scripts/transcripts/recording.js";
import { runCase } from "../../scripts/transcripts/run.js";
import { runQuickly } from "../../scripts/transcripts/shell.js";

const FOLDER = join(__dirname, "..", "fixtures", "transcripts");
/** The rest is `jail -e`, which the tests of jail.conf cover. */
const FILES = readdirSync(FOLDER).filter((name) => /^freebsd-[0-9.]+(?:-commands|-queries|-jexec)?\.json$/.test(name));
/** Commands that a kernel, its machine or a shell has no part in are covered by the tests of jail.conf. */
const ONLY_PRINTS = /^jail\.conf: /;

for (const file of FILES) {
  const release = releaseOf(file);
  // A process for each command: on a machine that has much else to do, minutes.
  test.concurrent(`as recorded in ${file}`, { timeout: 1_200_000 }, async () => {
    const failed: unknown[] = [];
    let passed = 0;
    const cases = readCases(join(FOLDER, file)).filter((each) => !ONLY_PRINTS.test(each.case));
    for (const each of cases) {
      const { kind, first } = await runCase(each, release, runQuickly);
      if (kind === "failed") failed.push({ case: each.case, ...first });
      if (kind === "passed") passed++;
    }
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(cases.length / 2);
  });
}

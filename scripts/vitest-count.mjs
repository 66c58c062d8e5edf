// Runs vitest and closes with a plain `N passed, M failed, K skipped`, whatever reporter the terminal gets.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "bsdjail-vitest-"));
const report = join(scratch, "report.json");
try {
  const run = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: "inherit" },
  );
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, success } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  // A file that does not load has no failed test of its own: it counts as one.
  const failed = success && run.status === 0 ? 0 : Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0, 1);
  console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

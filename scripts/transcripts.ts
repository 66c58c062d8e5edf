/**
 * `npm run transcripts -- FILE…`: runs recorded transcripts of jail(8), jls(8) and jexec(8) with our commands under those
 * names, on the simulated kernel of the release that the file's name says. Prints each case's first difference, each step
 * that is left out and why, and closes with the counts of cases. `--quick` runs plain commands inside this process.
 */
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type Case, readCases, releaseOf } from "./transcripts/recording.js";
import { type CaseResult, type RunShell, runCase } from "./transcripts/run.js";
import { runQuickly, runShell } from "./transcripts/shell.js";

function tell(file: string, each: Case, { kind, first, leftOut }: CaseResult): void {
  const where = `${basename(file)}: "${each.case}"`;
  for (const { step, sh, why } of leftOut)
    console.log(`${where}: left out step ${step} (${sh.split("\n")[0]}): ${why}`);
  if (kind === "skipped") console.log(`${where}: skipped: none of its steps was run`);
  if (first === undefined) return;
  console.log(`${where}: step ${first.step}: ${first.sh}`);
  console.log(`  ${first.part} was ${JSON.stringify(first.was)}`);
  console.log(`  ${first.part} is  ${JSON.stringify(first.is)}`);
}

async function runFile(file: string, shell: RunShell, counts: Record<CaseResult["kind"], number>): Promise<void> {
  const release = releaseOf(file);
  const cases = readCases(file);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let each = cases[next++]; each !== undefined; each = cases[next++]) {
      const result = await runCase(each, release, shell);
      counts[result.kind]++;
      tell(file, each, result);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

async function main(): Promise<number> {
  const { values, positionals: files } = parseArgs({
    options: { quick: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (files.length === 0) {
    console.error("usage: npm run transcripts -- [--quick] FILE…");
    return 2;
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    try {
      await runFile(file, values.quick ? runQuickly : runShell, counts);
    } catch (thrown) {
      counts.failed++;
      console.log(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

main().then((status) => {
  process.exitCode = status;
});

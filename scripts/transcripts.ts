/**
 * `npm run transcripts -- FILE…`: runs recorded transcripts of jail(8), jls(8) and jexec(8) with our commands under those
 * names, on the simulated kernel of the release that the file's name says. Prints each case's first difference, each step
 * that is left out and why, and closes with the counts of cases. `--quick` runs plain commands inside this process.
 *
 * On a FreeBSD machine, as root, with no jails of anybody's: `--real` runs them on its own kernel, and `--record` writes the
 * files anew, with what its own commands answer to each step.
 */

import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { recordCase } from "./transcripts/real.js";
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

interface Options {
  readonly shell: RunShell;
  readonly real: boolean;
}

async function recordFile(file: string): Promise<void> {
  const recorded: Case[] = [];
  for (const each of readCases(file)) recorded.push(await recordCase(each));
  writeFileSync(file, `[\n${recorded.map((each) => JSON.stringify(each)).join(",\n")}\n]\n`);
  console.log(`${file}: ${recorded.length} cases recorded`);
}

async function runFile(
  file: string,
  { shell, real }: Options,
  counts: Record<CaseResult["kind"], number>,
): Promise<void> {
  const release = releaseOf(file);
  const cases = readCases(file);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let each = cases[next++]; each !== undefined; each = cases[next++]) {
      const result = await runCase(each, release, shell, real);
      counts[result.kind]++;
      tell(file, each, result);
    }
  };
  await Promise.all(Array.from({ length: real ? 1 : availableParallelism() }, worker));
}

async function main(): Promise<number> {
  const { values, positionals: files } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      real: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  if (files.length === 0) {
    console.error("usage: npm run transcripts -- [--quick | --real | --record] FILE…");
    return 2;
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    try {
      if (values.record) await recordFile(file);
      else await runFile(file, { shell: values.quick ? runQuickly : runShell, real: values.real }, counts);
    } catch (thrown) {
      counts.failed++;
      console.log(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
  if (!values.record || counts.failed > 0)
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

main().then((status) => {
  process.exitCode = status;
});

/**
 * `npm run bench [-- --json] [WORD…]`: the benches of scripts/bench (those whose title has a word), each beside a plain
 * C++ loop over the same simulated kernel, or the same work done by Node.js alone, in the same run.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, time } from "./bench/bench.js";

interface Row {
  readonly title: string;
  readonly nanoseconds: number;
  readonly baselineNanoseconds?: number;
  readonly ratio?: number;
  readonly aim?: string;
  readonly met?: boolean;
}

const root = join(__dirname, "..");

/** Built by cmake-js; its progress is no part of the result. */
function buildBaseline(): string {
  execFileSync(process.execPath, [join(root, "scripts/cmake.mjs"), "bench"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return join(root, "build-bench/native/bench/baseline");
}

async function allBenches(): Promise<Bench[]> {
  const files = readdirSync(join(__dirname, "bench")).filter((file) => file.endsWith(".ts") && file !== "bench.ts");
  const modules = await Promise.all(
    files.sort().map((file) => import(join(__dirname, "bench", file)) as Promise<{ benches: readonly Bench[] }>),
  );
  return modules.flatMap(({ benches }) => benches);
}

/** What the same work takes without us. */
async function baselineOf(
  { beside, baseline, ...rest }: Bench,
  program: string | undefined,
): Promise<number | undefined> {
  if (beside !== undefined) return time({ ...rest, prepare: beside });
  if (baseline === undefined || program === undefined) return undefined;
  return Number(execFileSync(program, [baseline], { encoding: "utf8" }));
}

async function measure(bench: Bench, baseline: string | undefined): Promise<Row> {
  const ours = await time(bench);
  const { aim } = bench;
  if (aim !== undefined && "microseconds" in aim) {
    const met = ours <= aim.microseconds * 1000;
    return { title: bench.title, nanoseconds: ours, aim: `${aim.microseconds} us`, met };
  }
  const theirs = await baselineOf(bench, baseline);
  if (theirs === undefined) return { title: bench.title, nanoseconds: ours };
  const row = { title: bench.title, nanoseconds: ours, baselineNanoseconds: theirs, ratio: ours / theirs };
  if (aim === undefined) return row;
  if ("ratio" in aim) return { ...row, aim: `${aim.ratio} x`, met: row.ratio <= aim.ratio };
  return { ...row, aim: `+${aim.extraMicroseconds} us`, met: ours - theirs <= aim.extraMicroseconds * 1000 };
}

function micro(nanoseconds: number | undefined): string {
  return nanoseconds === undefined ? "" : (nanoseconds / 1000).toFixed(2);
}

function print(rows: readonly Row[]): void {
  const head = ["", "us", "baseline us", "ratio", "aim", ""];
  const table = rows.map((row) => [
    row.title,
    micro(row.nanoseconds),
    micro(row.baselineNanoseconds),
    row.ratio?.toFixed(2) ?? "",
    row.aim ?? "",
    row.met === undefined ? "" : row.met ? "met" : "missed",
  ]);
  const widths = head.map((text, i) => Math.max(text.length, ...table.map((cells) => cells[i]?.length ?? 0)));
  for (const cells of [head, ...table]) {
    const line = cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
    console.log(line.join("  ").trimEnd());
  }
}

async function main(): Promise<void> {
  const { values, positionals: words } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
  const chosen = (await allBenches()).filter(({ title }) => words.every((word) => title.includes(word)));
  const baseline = chosen.some((bench) => bench.baseline !== undefined) ? buildBaseline() : undefined;
  const rows: Row[] = [];
  for (const bench of chosen) {
    if (!values.json) process.stderr.write(`${bench.title}…\n`);
    rows.push(await measure(bench, baseline));
  }
  if (values.json) console.log(JSON.stringify(rows));
  else print(rows);
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

/**
 * Writes man/bsdjail.8 and docs/commands.md from what the commands say of themselves: `npx tsx scripts/manual.ts`.
 * With `--check` it writes nothing and ends in 1 where one of them is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdown, mdoc } from "../lib/cli/manual-pages.js";

const root = join(__dirname, "..");
const pages: readonly (readonly [string, string])[] = [
  ["man/bsdjail.8", mdoc()],
  ["docs/commands.md", markdown()],
];
let stale = 0;
for (const [path, text] of pages) {
  const file = join(root, path);
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${path} is out of date: npx tsx scripts/manual.ts`);
    stale++;
  }
}
process.exitCode = stale === 0 ? 0 : 1;

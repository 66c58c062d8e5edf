// `npm test`: builds what is out of date, then type check, vitest and the native tests. Closes with the sum of them all.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./cmake.mjs";

let [passed, failed, skipped] = [0, 0, 0];

/** Runs one part; one that prints no counts is a single test, by its exit status. */
function part(title, file, args) {
  console.log(`\n== ${title}`);
  const run = spawnSync(file, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  process.stdout.write(run.stdout ?? "");
  const good = run.status === 0;
  const counts = [...(run.stdout ?? "").matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1);
  passed += counts === undefined ? Number(good) : Number(counts[1]);
  failed += counts === undefined ? Number(!good) : Math.max(Number(counts[2]), Number(!good));
  skipped += Number(counts?.[3] ?? 0);
  return good;
}

const node = process.execPath;
const tsc = join(root, "node_modules/typescript/bin/tsc");
const built =
  part("Addon and jail-exec", node, [join(root, "scripts/install.cjs")]) &&
  part("Build", node, [tsc, "-p", "tsconfig.build.json"]) &&
  part("Bundle", node, [join(root, "scripts/bundle.mjs")]);
part("Type check", node, [tsc, "-p", "tsconfig.json"]);
if (built) part("vitest", node, [join(root, "scripts/vitest-count.mjs")]);
part("Native tests", node, [join(root, "scripts/test-native.mjs")]);
console.log(`\n${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
process.exitCode = failed === 0 ? 0 : 1;

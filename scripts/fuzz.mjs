// `npm run fuzz [-- --seconds N]`: every fuzz target of native/fuzz for N seconds (60), under the sanitizers. Says how many
// inputs each took, and closes with `N passed, M failed`; what a failing target found stays in build-fuzz/found.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, root } from "./cmake.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(values.seconds);
if (!Number.isSafeInteger(seconds) || seconds < 1) {
  console.error(`fuzz: --seconds is a whole number from 1 on, not "${values.seconds}"`);
  process.exit(64);
}

try {
  const folder = build("fuzz");
  const found = join(folder, "found/");
  mkdirSync(found, { recursive: true });
  const targets = readdirSync(join(root, "native/fuzz"))
    .filter((file) => file.endsWith(".cc"))
    .map((file) => file.slice(0, -3));
  let [passed, failed, inputs] = [0, 0, 0];
  for (const target of targets) {
    const run = spawnSync(
      join(folder, `native/fuzz/fuzz-${target}`),
      [`-max_total_time=${seconds}`, `-artifact_prefix=${found}`, "-timeout=25"],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 },
    );
    if (run.error) throw run.error;
    const runs = Number(/^Done (\d+) runs/m.exec(run.stderr)?.[1] ?? 0);
    const good = run.status === 0 && runs > 0;
    if (!good) process.stdout.write(run.stderr.slice(-8000));
    console.log(`${good ? "ok" : "not ok"}: ${target}, ${runs} inputs`);
    inputs += runs;
    passed += Number(good);
    failed += Number(!good);
  }
  console.log(`${inputs} inputs\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}

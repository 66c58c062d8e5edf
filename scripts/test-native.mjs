// The native tests; with --sanitize under AddressSanitizer and UndefinedBehaviorSanitizer, and then every recording
// replayed through a sanitized addon as well. Closes with `N passed, M failed`.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, ctest, root } from "./cmake.mjs";

const require = createRequire(import.meta.url);

/** The recorded scenarios of the fixtures. */
function recordings() {
  const folder = join(root, "test/fixtures/kernel");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => join(folder, file));
}

/** Replays in a package folder of its own, whose addon is the sanitized one. */
function sanitizedReplays(folder) {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "build/Release"), { recursive: true });
  copyFileSync(join(folder, "Debug/bsdjail.node"), join(tree, "build/Release/bsdjail.node"));
  const program = join(tree, "dist/conformance.cjs");
  require("esbuild").buildSync({
    entryPoints: [join(root, "scripts/conformance.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    external: ["node-gyp-build"],
  });
  const library = spawnSync("g++", ["-print-file-name=libasan.so"], { encoding: "utf8" }).stdout.trim();
  let [passed, failed] = [0, 0];
  for (const face of [[], ["--async"]]) {
    const run = spawnSync(process.execPath, [program, ...face, ...recordings()], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      // Node.js itself keeps memory to its end, so leaks are the native tests' part.
      env: { ...process.env, LD_PRELOAD: library, ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" },
    });
    process.stdout.write(run.stdout);
    const counts = /^(\d+) passed, (\d+) failed/m.exec(run.stdout);
    passed += Number(counts?.[1] ?? 0);
    failed += Number(counts?.[2] ?? 0);
    if (run.status !== 0 && !(Number(counts?.[2]) > 0)) failed += 1;
  }
  return { passed, failed };
}

try {
  const sanitize = process.argv.includes("--sanitize");
  const variant = sanitize ? "sanitize" : "test";
  const folder = build(variant);
  const results = [ctest(variant)];
  if (sanitize) results.push(sanitizedReplays(folder));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  process.exitCode = sum("failed") === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}

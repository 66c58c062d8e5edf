// The development variants, by cmake-js: `node scripts/cmake.mjs VARIANT [TARGET]` builds in build-VARIANT.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * Each variant's CMake definitions, and its compiler where it needs a certain one. What is only tested is not optimised:
 * it compiles in half the time.
 */
const VARIANTS = {
  test: { JAIL_TESTS: "ON", JAIL_CLIB: "ON", CMAKE_BUILD_TYPE: "Debug" },
  sanitize: {
    JAIL_TESTS: "ON",
    JAIL_CLIB: "ON",
    JAIL_ADDON: "ON",
    JAIL_SANITIZE: "address,undefined",
    CMAKE_BUILD_TYPE: "Debug",
  },
  fuzz: { JAIL_FUZZ: "ON", CMAKE_CXX_COMPILER: "clang++", CMAKE_C_COMPILER: "clang" },
  clib: { JAIL_CLIB: "ON" },
  bench: { JAIL_BENCH: "ON" },
};

/** A variant's build folder. */
function folderOf(variant) {
  return join(root, `build-${variant}`);
}

/** Builds a variant, or one target of it, and returns its folder. Throws an Error where it does not build. */
export function build(variant, target) {
  const definitions = VARIANTS[variant];
  if (definitions === undefined) throw new Error(`no variant "${variant}": ${Object.keys(VARIANTS).join(", ")}`);
  const args = [join(root, "node_modules/cmake-js/bin/cmake-js"), "build", "--log-level", "warn"];
  args.push(
    "--out",
    folderOf(variant),
    "--config",
    definitions.CMAKE_BUILD_TYPE ?? "Release",
    "--parallel",
    String(Math.min(availableParallelism(), 4)),
  );
  if (target !== undefined) args.push("--target", target);
  args.push(...Object.entries(definitions).map(([name, value]) => `--CD${name}=${value}`));
  const run = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (run.error) throw run.error;
  if (run.status !== 0)
    throw new Error(`the "${variant}" build failed (cmake-js needs CMake 3.22 and a C++20 compiler)`);
  return folderOf(variant);
}

/** Runs ctest in a built variant; every test executable closes with `N passed, M failed`, and so does this. */
export function ctest(variant) {
  const run = spawnSync("ctest", ["--test-dir", folderOf(variant), "--verbose", "--no-tests=error"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  if (run.error) throw run.error;
  let [passed, failed] = [0, 0];
  for (const [, good, bad] of run.stdout.matchAll(/^\d+: (\d+) passed, (\d+) failed/gm)) {
    passed += Number(good);
    failed += Number(bad);
  }
  if (run.status !== 0) {
    process.stdout.write(run.stdout);
    failed = Math.max(failed, 1);
  }
  return { passed, failed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(build(process.argv[2] ?? "", process.argv[3]));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * Cross-compiles what FreeBSD users need, by zig, into prebuilds/freebsd-x64 and prebuilds/freebsd-arm64, and checks
 * the result: machine, libraries, imported symbols. `npm run prebuild:freebsd [-- x64 arm64]`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { describe, problems } from "./freebsd/abi.js";
import { readElf } from "./freebsd/elf.js";
import { findZig } from "./freebsd/zig.js";

const root = join(__dirname, "..");
const sources = require("./sources.cjs") as (part: string, system: string) => string[];

/** The oldest release that we support: what is linked against it runs on the later ones. */
const RELEASE = "13.2";
const TARGETS = [
  { name: "x64", machine: "x86_64" },
  { name: "arm64", machine: "aarch64" },
] as const;
/** The executables, and what each must import. */
const HELPERS = [
  { part: "jail-exec", imports: ["jail_attach@FBSD_1.0"] },
  { part: "mount-helper", imports: ["nmount@FBSD_1.0", "unmount@FBSD_1.0", "fchdir@FBSD_1.0"] },
];
/** What FreeBSD 13 lacks of zig's start code for executables. */
const START = "scripts/freebsd/start.c";
const FLAGS = ["-std=c++20", "-O2", "-DNDEBUG", "-fPIC", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"];

const zig = findZig();

function run(args: readonly string[]): Promise<void> {
  const [file, ...first] = zig as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (status) => {
      if (status === 0) resolve();
      else reject(new Error(`zig ${args.join(" ")} ended with ${status}`));
    });
  });
}

/** The newest change of any header: an object older than that is compiled again. */
function newestHeader(): number {
  const headers = readdirSync(join(root, "native"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".h"),
  );
  return Math.max(...headers.map((file) => statSync(join(root, "native", file)).mtimeMs));
}

async function compile(files: readonly string[], target: string, flags: readonly string[]): Promise<string[]> {
  const folder = join(root, "build-freebsd", target);
  mkdirSync(folder, { recursive: true });
  const newest = newestHeader();
  const objects: string[] = [];
  const waiting: { file: string; object: string }[] = [];
  for (const file of files) {
    const object = join(folder, `${file.replaceAll("/", "_")}.o`);
    objects.push(object);
    const made = existsSync(object) ? statSync(object).mtimeMs : 0;
    if (made < Math.max(newest, statSync(join(root, file)).mtimeMs)) waiting.push({ file, object });
  }
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await run(["c++", "-target", target, ...FLAGS, ...flags, "-c", next.file, "-o", next.object]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  return objects;
}

function verify(file: string, machine: string, kind: "addon" | "executable", imports: string[]): number {
  const bytes = readFileSync(file);
  const elf = readElf(bytes);
  console.log(`${relative(root, file)} (${bytes.length} bytes): ${describe(elf)}`);
  const jails = elf.imports.filter(({ name }) => name.startsWith("jail_") || name.startsWith("sysctl"));
  console.log(`  imports ${jails.map(({ name, version }) => `${name}@${version}`).join(" ")}`);
  const found = problems(elf, { machine, kind, imports });
  for (const problem of found) console.error(`  wrong: ${problem}`);
  return found.length;
}

async function build(name: string, machine: string): Promise<number> {
  const target = `${machine}-freebsd.${RELEASE}`;
  const folder = join(root, "prebuilds", `freebsd-${name}`);
  mkdirSync(folder, { recursive: true });
  const includes = [require("node-api-headers").include_dir as string, require("node-addon-api").include_dir as string];
  const napi = [
    ...includes.flatMap((include) => ["-isystem", include]),
    "-DNAPI_VERSION=8",
    "-DNAPI_CPP_EXCEPTIONS",
    "-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL",
    "-DNODE_ADDON_API_DISABLE_DEPRECATED",
    "-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
    "-DBUILDING_NODE_EXTENSION",
    "-DNODE_GYP_MODULE_NAME=bsdjail",
  ];
  const addon = join(folder, "bsdjail.node");
  const objects = await compile(sources("addon", "freebsd"), target, napi);
  await run(["c++", "-target", target, "-shared", "-s", "-o", addon, ...objects, "-lpthread"]);
  let wrong = verify(addon, machine, "addon", ["jail_get@FBSD_1.1", "jail_set@FBSD_1.1", "jail_remove@FBSD_1.1"]);

  const start = join(root, "build-freebsd", target, "start.o");
  await run(["cc", "-target", target, "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-c", START, "-o", start]);
  for (const { part, imports } of HELPERS) {
    const helper = join(folder, part);
    const parts = await compile(sources(part, "freebsd"), target, []);
    // FreeBSD 13's libc takes `environ` and `__progname` from the executable, so they are exported.
    await run(["c++", "-target", target, "-pie", "-s", "-rdynamic", "-o", helper, ...parts, start, "-lutil"]);
    wrong += verify(helper, machine, "executable", imports);
  }

  // For the development of the simulated kernel: no part of the package.
  const perform = join(root, "build-freebsd", target, "perform");
  const performs = await compile(sources("perform", "freebsd"), target, []);
  await run(["c++", "-target", target, "-pie", "-s", "-rdynamic", "-o", perform, ...performs, start]);
  return wrong;
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  let wrong = 0;
  for (const { name, machine } of TARGETS) {
    if (asked.length === 0 || asked.includes(name)) wrong += await build(name, machine);
  }
  process.exitCode = wrong === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

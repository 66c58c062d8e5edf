import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const script = join(__dirname, "../../../scripts/install.cjs");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-install-"));
  mkdirSync(join(folder, "scripts"));
  copyFileSync(script, join(folder, "scripts/install.cjs"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the script with a node-gyp that notes its arguments and ends with `status`. */
function install(status: number, env: NodeJS.ProcessEnv = {}) {
  const gyp = join(folder, "node-gyp.cjs");
  writeFileSync(
    gyp,
    `require("fs").writeFileSync(${JSON.stringify(join(folder, "argv"))}, process.argv.slice(2).join(" "));
    process.exit(${status});`,
  );
  const { npm_config_nodedir: _, ...clean } = process.env;
  const run = spawnSync(process.execPath, [join(folder, "scripts/install.cjs")], {
    encoding: "utf8",
    env: { ...clean, npm_config_node_gyp: gyp, ...env },
  });
  const argv = join(folder, "argv");
  return { status: run.status, said: run.stderr, argv: existsSync(argv) ? readFileSync(argv, "utf8") : undefined };
}

const checkout = () => {
  writeFileSync(join(folder, "tsconfig.json"), "{}");
  mkdirSync(join(folder, "test"));
};

it("a dependency whose addon does not compile is installed all the same, and says why", () => {
  const { status, said, argv } = install(1);
  expect(status).toBe(0);
  expect(argv).toMatch(/^rebuild --release/);
  expect(said).toContain("the native addon was not compiled: node-gyp ended with exit status 1");
  expect(said).toContain("npm rebuild bsdjail");
});

it("in a checkout that is a failure", () => {
  checkout();
  const { status, argv, said } = install(1);
  expect(status).toBe(1);
  expect(argv).toMatch(/^configure build --release/);
  expect(said).toContain("C++20 compiler");
});

it("an addon that compiles says nothing", () => {
  expect(install(0)).toMatchObject({ status: 0, said: "" });
  checkout();
  expect(install(0)).toMatchObject({ status: 0, said: "" });
});

it("uses the headers beside the running Node.js where there are some, or those that the user names", () => {
  const prefix = dirname(dirname(process.execPath));
  const beside = existsSync(join(prefix, "include/node/node_api.h"));
  const argv = install(0).argv ?? "";
  expect(argv.includes("--nodedir=")).toBe(beside);
  if (beside) expect(argv).toContain(`--nodedir=${prefix}`);
  expect(install(0, { npm_config_nodedir: "/opt/node" }).argv).toContain("--nodedir=/opt/node");
});

it("without node-gyp it says so", () => {
  expect(install(0, { npm_config_node_gyp: "/no/such/file" })).toMatchObject({
    status: 0,
    argv: undefined,
    said: expect.stringContaining("node-gyp was not found"),
  });
});

it("compiles nothing where a prebuild loads, unless asked to", () => {
  const stub = join(folder, "node_modules/node-gyp-build");
  mkdirSync(stub, { recursive: true });
  writeFileSync(join(stub, "index.js"), "module.exports = () => ({});");
  expect(install(0)).toMatchObject({ status: 0, argv: undefined, said: "" });
  expect(install(0, { npm_config_build_from_source: "true" }).argv).toMatch(/^rebuild/);
});

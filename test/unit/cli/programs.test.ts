import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const project = join(__dirname, "../../..");
const main = join(project, "dist/cli/main.js");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-programs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(file: string, ...args: string[]) {
  const env = { ...process.env, BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel") };
  const PATH = [join(project, "libexec"), process.env.PATH].join(delimiter);
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8", env: { ...env, PATH }, cwd: folder });
  return { status, stdout, stderr };
}

it("the folder for the front of PATH has the base system's three by their own names", () => {
  expect(readdirSync(join(project, "libexec")).sort()).toEqual(["jail", "jexec", "jls", "rc.d"]);
  expect(run("jail", "-c", "name=a", "path=/", "persist")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(run("jls", "name", "path")).toEqual({ status: 0, stdout: "a /\n", stderr: "" });
  expect(run("jexec", "a", "/bin/sh", "-c", "echo in; exit 3")).toEqual({ status: 3, stdout: "in\n", stderr: "" });
  expect(run("jail", "-r", "a")).toMatchObject({ status: 0 });
});

it("without the addon, what needs it says so in a line, and a jail.conf is checked all the same", () => {
  const without = (...argv: string[]) => run(process.execPath, "--no-addons", main, ...argv);
  writeFileSync(join(folder, "good"), "a { path = /; persist; }\n");
  writeFileSync(join(folder, "bad"), "a { path = / persist; }\n");
  expect(without("conf", "check", "good")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(without("conf", "check", "bad")).toMatchObject({ status: 1, stdout: expect.stringMatching(/^bad:1:/) });
  const { status, stderr } = without("list");
  expect({ status, lines: stderr.trimEnd().split("\n").length }).toEqual({ status: 1, lines: 1 });
  expect(stderr).toMatch(/^bsdjail list: bsdjail's native addon could not be loaded on .*--no-addons/);
  expect(without("jls").stderr).toMatch(/^jls: bsdjail's native addon could not be loaded/);
});

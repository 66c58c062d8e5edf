import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { jailCommand } from "../../../lib/cli/base/jail/jail.js";
import { jexecCommand } from "../../../lib/cli/base/jexec.js";
import { psCommand } from "../../../lib/cli/inside/ps.js";
import type { CliCommand } from "../../../lib/cli/io.js";
import { memoryIo } from "./memory-io.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-base-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(commands: string | undefined, command: CliCommand, ...argv: string[]) {
  const state = { BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: join(folder, "kernel"), PATH: process.env.PATH };
  const io = memoryIo({ ...state, ...(commands === undefined ? {} : { BSDJAIL_COMMANDS: commands }) }, folder);
  const status = await command(argv, io);
  return { status, out: io.out(), err: io.err() };
}

const create = (commands: string | undefined, ...more: string[]) =>
  run(commands, jailCommand, "-c", "name=a", "path=/", ...more);
const touched = (name: string) => existsSync(join(folder, name));
const touch = (name: string) => `touch ${join(folder, name)}`;

it("commands of simulated jails really run by default, and are noted alone where that is asked for", async () => {
  for (const commands of [undefined, "host", "record"]) {
    const runs = commands !== "record";
    const hooks = [`exec.prestart=${touch("host")}`, `exec.start=${touch("jail")}; exit 0`];
    expect(await create(commands, "persist", ...hooks)).toEqual({ status: 0, out: "", err: "" });
    expect([touched("host"), touched("jail")]).toEqual([runs, runs]);
    const inside = await run(commands, jexecCommand, "a", "/bin/sh", "-c", "echo said; exit 4");
    expect(inside).toEqual(runs ? { status: 4, out: "said\n", err: "" } : { status: 0, out: "", err: "" });
    // What the simulated machine knows itself it answers either way.
    expect((await run(commands, jexecCommand, "a", "hostname")).out).toBe("\n");
    expect((await run(commands, jexecCommand, "b", "true")).status).toBe(1);
    expect(await run(commands, jailCommand, "-r", "a")).toMatchObject({ status: 0, err: "" });
    for (const name of ["host", "jail"]) rmSync(join(folder, name), { force: true });
  }
});

it("a noted command in the background holds its jail until it is ended", async () => {
  expect((await create("record", "exec.start=sleep 1000 &", "exec.stop=true")).status).toBe(0);
  expect((await run("record", psCommand)).out).toMatch(/^a +\d+ +root .* sleep 1000$/m);
  expect((await run("record", jailCommand, "-r", "a")).status).toBe(0);
  expect((await run("record", psCommand)).out).not.toContain("sleep");
});

it("a user is looked up only for what really runs", async () => {
  await create(undefined, "persist");
  expect((await run("record", jexecCommand, "-U", "nobody-has-this-name", "a", "true")).status).toBe(0);
  expect(await run("host", jexecCommand, "-U", "nobody-has-this-name", "a", "true")).toMatchObject({ status: 1 });
});

it("another word is refused before anything is done", async () => {
  expect(await create("maybe", "persist")).toMatchObject({ status: 1, err: 'jail: BSDJAIL_COMMANDS is "maybe"\n' });
  expect(await run("maybe", jexecCommand, "a", "true")).toMatchObject({
    status: 1,
    err: 'jexec: BSDJAIL_COMMANDS is "maybe"\n',
  });
});

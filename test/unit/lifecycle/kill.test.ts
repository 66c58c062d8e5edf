import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JailHost } from "../../../lib/host.js";
import { Lifecycle } from "../../../lib/lifecycle/lifecycle.js";
import { BOOKS, EVERY_STEP, leftovers, openFolder, prepareFolder } from "./simulated.js";

/** In memory where the system has such a place: the machine's state is written through to the disk hundreds of times. */
const scratch = process.platform === "linux" && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** How far its points lie apart: the jails are simulated everywhere, and FreeBSD is often an emulated machine. */
const STEP = (process.platform as string) === "freebsd" ? 4 : 1;
const project = join(__dirname, "../../..");
let compiled = "";

/** The orchestrator as plain JavaScript: it is started hundreds of times. */
beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), "orchestrator-"));
  const options = { noEmit: false, rootDir: project, outDir: compiled, declaration: false };
  const config = {
    extends: join(project, "tsconfig.json"),
    compilerOptions: { ...options, types: ["node"], typeRoots: [join(project, "node_modules/@types")] },
    files: [join(__dirname, "orchestrator.ts")],
    include: [],
  };
  writeFileSync(join(compiled, "tsconfig.json"), JSON.stringify(config));
  execFileSync(join(project, "node_modules/.bin/tsc"), ["-p", join(compiled, "tsconfig.json")], { stdio: "inherit" });
  writeFileSync(join(compiled, "package.json"), '{"type":"commonjs"}');
  for (const name of ["build", "prebuilds", "node_modules"]) symlinkSync(join(project, name), join(compiled, name));
});

afterAll(() => rmSync(compiled, { recursive: true, force: true }));

function open(path: string) {
  const { host, jails, machine } = openFolder(JailHost, path);
  return { host, jails, machine, lifecycle: new Lifecycle({ jails, machine, directory: BOOKS }) };
}

/** Runs the orchestrator; undefined where it was killed, else what it printed. */
function orchestrate(path: string, way: "up" | "down", point: number): Promise<string | undefined> {
  const script = join(compiled, "test/unit/lifecycle/orchestrator.js");
  const child = spawn(process.execPath, [script, path, way, String(point)], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("close", (status, signal) => {
      if (signal === "SIGKILL") resolve(undefined);
      else if (status === 0) resolve(text);
      else reject(new Error(`the orchestrator ended with ${status}`));
    });
  });
}

/** Kills at one point, recovers, and looks. Resolves with what was found, or undefined where the end came first. */
async function killAt(template: string, way: "up" | "down", point: number) {
  const path = mkdtempSync(join(scratch, "killed-"));
  try {
    cpSync(template, path, { recursive: true });
    const text = await orchestrate(path, way, point);
    if (text !== undefined) {
      expect(text.trim()).toMatch(/^[0-9]+$/);
      return undefined;
    }
    const world = open(path);
    const before = await leftovers(world);
    const recovered = await world.lifecycle.recover().result;
    expect(recovered.ok, `recover after ${point}: ${JSON.stringify(recovered)}`).toBe(true);
    for (const { name, situation } of await world.lifecycle.status()) {
      expect(["up", "nothing"], `${name} after ${point}`).toContain(situation);
    }
    const up = (await world.jails.list()).length;
    if (up > 0) {
      // Whole: nothing is missing and nothing is too much.
      const running = (await world.jails.list()).map(({ name }) => name);
      const plan = await world.lifecycle.plan(EVERY_STEP, { only: running });
      for (const jail of plan.jails) {
        if (running.includes(jail.jail)) expect(jail, `at ${point}`).toMatchObject({ change: "none" });
      }
      expect((await world.lifecycle.down(EVERY_STEP).result).ok).toBe(true);
    }
    expect(await leftovers(world), `left after ${point}`).toEqual([]);
    return { dirty: before.length > 0, up };
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

async function sweep(way: "up" | "down") {
  const template = mkdtempSync(join(scratch, "template-"));
  const world = open(template);
  prepareFolder(template, world.machine);
  if (way === "down") expect((await world.lifecycle.up(EVERY_STEP).result).ok).toBe(true);
  let point = 0;
  let over = false;
  const counts = { kills: 0, dirty: 0, up: 0 };
  const worker = async () => {
    while (!over) {
      point += STEP;
      const found = await killAt(template, way, point);
      if (found === undefined) {
        over = true;
        return;
      }
      counts.kills++;
      if (found.dirty) counts.dirty++;
      if (found.up > 0) counts.up++;
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  rmSync(template, { recursive: true, force: true });
  return counts;
}

describe("an orchestrator that is killed", () => {
  it("at any point of a start leaves nothing that recover does not take away", { timeout: 1_200_000 }, async () => {
    const { kills, dirty, up } = await sweep("up");
    console.log(
      `start: killed at ${kills} points, ${dirty} left something, ${up} had a jail whole; after recover nothing was left`,
    );
    expect(kills).toBeGreaterThan(75 / STEP);
    expect(dirty).toBeGreaterThan(60 / STEP);
  });

  it("at any point of a stop leaves nothing that recover does not take away", { timeout: 1_200_000 }, async () => {
    const { kills, dirty, up } = await sweep("down");
    console.log(
      `stop: killed at ${kills} points, ${dirty} left something, ${up} had a jail whole; after recover nothing was left`,
    );
    expect(kills).toBeGreaterThan(45 / STEP);
    expect(dirty).toBeGreaterThan(40 / STEP);
  });
});

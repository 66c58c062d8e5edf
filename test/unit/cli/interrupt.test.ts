import { type StdioOptions, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const project = join(__dirname, "../../..");
let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bsdjail-interrupt-"));
  mkdirSync(join(folder, "root/jails/web/dev"), { recursive: true });
  mkdirSync(join(folder, "marks"));
  const state = join(folder, "kernel");
  env = { ...process.env, BSDJAIL_KERNEL: "simulated", BSDJAIL_STATE: state, BSDJAIL_ROOT: join(folder, "root") };
  Object.assign(env, { BSDJAIL_COMMANDS: "host" });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process of its own, as from a shell. */
function start(...argv: string[]) {
  const main = join(project, "lib/cli/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...argv], { cwd: project, env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (piece: Buffer) => {
    out += piece;
  });
  child.stderr.on("data", (piece: Buffer) => {
    err += piece;
  });
  const said = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => err.includes(text) && resolve();
      child.stderr.on("data", look);
      look();
    });
  const ended = new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (status) => resolve({ status, out, err }));
  });
  return { child, ended, said };
}

/** A jail whose last step leaves a mark and then goes on for a minute. */
function slowJail(first = ""): Promise<void> {
  const mark = join(folder, "marks/begun");
  const hook = `${first}echo $$ > ${mark}.new; mv ${mark}.new ${mark}; exec sleep 60`;
  const conf = `web { path = /jails/web; persist; mount.devfs; exec.poststart = '${hook}'; }\n`;
  mkdirSync(join(folder, "root/etc"));
  writeFileSync(join(folder, "root/etc/jail.conf"), conf);
  return new Promise((resolve) => {
    const watcher = watch(join(folder, "marks"), () => {
      if (!existsSync(mark)) return;
      watcher.close();
      resolve();
    });
  });
}

function isRunning(pid: string): boolean {
  const { status, stdout } = spawnSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" });
  return status === 0 && !stdout.startsWith("Z");
}

async function situation() {
  const { out } = await start("status", "--json").ended;
  const { jails } = JSON.parse(out) as { jails: { state: string; situation: string }[] };
  return jails.map(({ state, situation: now }) => `${state}, ${now}`);
}

describe("an interrupt", () => {
  it("stops a start once and takes back what it did", async () => {
    const begun = slowJail();
    const up = start("up");
    await begun;
    up.child.kill("SIGINT");
    const { status, out, err } = await up.ended;
    expect({ status, err }).toEqual({
      status: 130,
      err: "bsdjail: stopping: what was begun is undone; another interrupt leaves at once\n",
    });
    expect(out).toMatch(/^web {3}aborted {4}exec\.poststart: ended because the run was stopped\n/);
    expect(await situation()).toEqual(["down, nothing"]);
  });

  it("that comes twice leaves at once, with the ledger whole", async () => {
    const begun = slowJail('trap "" TERM; ');
    const up = start("up");
    await begun;
    up.child.kill("SIGINT");
    await up.said("stopping");
    up.child.kill("SIGINT");
    expect((await up.ended).status).toBe(130);
    // The command that it waited for went with it.
    const pid = readFileSync(join(folder, "marks/begun"), "utf8").trim();
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await situation()).toEqual(["up, half up"]);
    const { status, out } = await start("recover").ended;
    expect({ status, out }).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^web {3}down {7}a start was cut off; what it had done was taken back/),
    });
    expect(await situation()).toEqual(["down, nothing"]);
  });
});

it("a pipe that nobody reads ends quietly, and what was begun is brought to its end", async () => {
  mkdirSync(join(folder, "root/etc"));
  writeFileSync(
    join(folder, "root/etc/jail.conf"),
    'web { path = /jails/web; persist; mount.devfs; exec.poststart = "echo one; echo two"; }\n',
  );
  const up = start("up", "-v");
  up.child.stdout.destroy();
  const { status, err } = await up.ended;
  expect({ status, err }).toEqual({ status: 141, err: "" });
  expect(await situation()).toEqual(["up, up"]);
});

it.skipIf(!existsSync("/dev/full"))(
  "a full disk is said in a line, and what was begun is brought to its end",
  async () => {
    mkdirSync(join(folder, "root/etc"));
    writeFileSync(
      join(folder, "root/etc/jail.conf"),
      'web { path = /jails/web; persist; exec.poststart = "echo two"; }\n',
    );
    const full = openSync("/dev/full", "w");
    const onFull = (...argv: string[]) => {
      const main = join(project, "lib/cli/main.ts");
      const stdio: StdioOptions = ["ignore", full, "pipe"];
      const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, ...argv], {
        cwd: project,
        env,
        stdio,
      });
      return { status, err: String(stderr) };
    };
    const err = "bsdjail: standard output cannot be written: No space left on device\n";
    expect(onFull("up", "-v")).toEqual({ status: 1, err });
    expect(await situation()).toEqual(["up, up"]);
    expect(onFull("list", "--json")).toEqual({ status: 1, err });
    expect(onFull("jls")).toEqual({ status: 1, err });
    closeSync(full);
  },
);

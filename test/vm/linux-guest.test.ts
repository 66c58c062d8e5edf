/** The tool on a real guest: a small Linux under emulation, by the serial console alone. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { findParts, Place } from "./linux-guest.js";

const parts = findParts();
let place: Place;

beforeAll(() => {
  if (typeof parts !== "string") place = new Place(parts);
});

afterAll(() => {
  if (typeof parts !== "string") place.remove();
});

/** A test that needs the guest, and says what is missing where it cannot be had. */
function guestTest(name: string, work: () => Promise<void>): void {
  it(name, { timeout: 240_000 }, async (context: TestContext) => {
    if (typeof parts === "string") context.skip(parts);
    await work();
  });
}

const only = (folder: string) => join(folder, readdirSync(folder).find((name) => name.endsWith("-amd64")) as string);

describe("a command in a machine", () => {
  guestTest("gets a project's files in, results out and its exit status through", async () => {
    const project = join(place.folder, "project");
    mkdirSync(join(project, "a folder"), { recursive: true });
    writeFileSync(join(project, "a folder/it's $here"), "content\n");
    writeFileSync(join(project, "ignored"), "");
    writeFileSync(join(project, ".gitignore"), "ignored\n");
    const { spawnSync } = await import("node:child_process");
    spawnSync("git", ["init", "-q", project]);
    const script =
      "ls; cat \"a folder/it's $(echo '$here')\"; cat /prepared; echo result >out.txt; echo '3 passed, 1 failed'; exit 3";
    const args = [
      "--root",
      project,
      "--prepare",
      "echo prepared >/prepared",
      "--back",
      "out.txt",
      "--out",
      join(place.folder, "first"),
    ];
    const first = await place.run(["run", ...place.guest(), ...args, "--", "sh", "-c", script]);
    expect(first.stderr).toContain("a folder\ncontent\nprepared\n");
    expect([first.status, first.stderr.includes("saving the running machine")]).toEqual([3, true]);
    const folder = only(join(place.folder, "first"));
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("result\n");
    expect(readFileSync(join(folder, "sh.xml"), "utf8")).toContain('tests="4" failures="1"');
    expect(readFileSync(join(folder, "console.log"), "utf8")).toContain("content");
    expect(first.stdout).toMatch(/accelerator tcg, way in serial, booted in/);
    expect(first.stdout).toContain("sh: 3 passed, 1 failed, 0 skipped (exit status 3");

    // The second time it goes on from the saved machine; the preparation is there, the first run's files are not.
    const back = ["--back", "nothing", "--out", join(place.folder, "second")];
    const test = ["test", "-e", "/root/work/out.txt"];
    const second = await place.run([
      "run",
      ...place.guest(),
      "--prepare",
      "echo prepared >/prepared",
      ...back,
      "--",
      ...test,
    ]);
    expect(second.stderr).not.toContain("preparing");
    expect([second.status, /resumed in/.test(second.stdout)]).toEqual([1, true]);
    expect(second.stdout).toContain("getting nothing: (no exit status:");
    expect([place.processes(), place.leftovers()]).toEqual([[], []]);
  });

  guestTest("that never returns is interrupted at its limit, which is a failure", async () => {
    const limit = [
      "--wait",
      "suite=1",
      "--wait",
      "shell=2",
      "--prepare",
      "echo prepared >/prepared",
      "--out",
      join(place.folder, "late"),
    ];
    const late = await place.run(["run", ...place.guest(), ...limit, "--", "sleep", "3600"]);
    expect(late.stdout).toContain("sleep: (no exit status: the command did not return within 1 s and was interrupted");
    expect(late.status).toBe(1);
  });

  guestTest("is ended with its machine by Control-C, and by a kill that nobody can catch", async () => {
    const prepared = ["--prepare", "echo prepared >/prepared", "--out", join(place.folder, "ended")];
    const args = ["run", ...place.guest(), ...prepared, "--", "sleep", "3600"];
    for (const [signal, said, status] of [
      ["SIGINT", "running sleep", 130],
      ["SIGTERM", "resuming", 130],
      ["SIGKILL", "running sleep", null],
    ] as const) {
      const run = place.start(args);
      await run.says(said);
      run.child.kill(signal);
      expect((await run.ended).status).toBe(status);
      // Killed, nobody is left to wait for QEMU's own end.
      while (place.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      if (signal !== "SIGKILL") expect(place.leftovers()).toEqual([]);
    }
    // What the killed one left behind, the next run clears away.
    await place.run(["run", ...place.guest(), ...prepared, "--", "true"]);
    expect(place.leftovers()).toEqual([]);
  });
});

describe("a machine that stays", () => {
  guestTest("is started, worked in, listed and taken down by runs of their own", async () => {
    const up = await place.run(["up", ...place.guest(), "--name", "one"]);
    expect([up.status, up.stdout]).toEqual([0, "one\n"]);
    onTestFinished(() => void place.run(["down", "--all", "--wait", "shutdown=0.1"]));
    const exec = (...argv: string[]) => place.run(["exec", "--env", "A=b c", "--", ...argv]);
    expect(await exec("sh", "-c", 'echo "$A"; exit 7')).toMatchObject({ status: 7, stdout: "b c\n" });
    // Longer than what can be typed.
    const long = "x".repeat(3000);
    expect((await exec("echo", long, "it's\nall")).stdout).toBe(`${long} it's\nall\n`);

    const here = join(place.folder, "copied");
    mkdirSync(here);
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    writeFileSync(join(here, "bytes"), bytes);
    expect((await place.run(["copy", here, "vm:/tmp"])).status).toBe(0);
    expect((await place.run(["copy", join(here, "bytes"), "vm:/tmp/new name"])).status).toBe(0);
    expect((await exec("cmp", "/tmp/copied/bytes", "/tmp/new name")).status).toBe(0);
    expect((await place.run(["copy", "vm:/tmp/copied/bytes", join(place.folder, "back/again")])).status).toBe(0);
    expect(readFileSync(join(place.folder, "back/again")).equals(bytes)).toBe(true);
    const missing = await place.run(["copy", "vm:/nowhere", here]);
    expect([missing.status, missing.stderr]).toEqual([125, expect.stringContaining("nowhere")]);

    const listed = JSON.parse((await place.run(["list", "--json"])).stdout) as { machines: { name: string }[] };
    expect(listed.machines.map(({ name }) => name)).toEqual(["one"]);
    expect((await place.run(["clean", "states"])).stderr).toContain("machines run that stand on what is cached: one");
    expect((await place.run(["up", ...place.guest(), "--name", "one"])).stderr).toContain("one runs already");

    const limited = await place.run(["exec", "--timeout", "1", "--wait", "shell=2", "--", "sleep", "3600"]);
    expect([limited.status, limited.stderr]).toEqual([125, expect.stringContaining("did not return within 1 s")]);

    // Its kernel dies: whoever works in it is told so.
    const died = await exec("sh", "-c", "echo c >/proc/sysrq-trigger; sleep 3600");
    expect([died.status, died.stderr]).toEqual([
      125,
      expect.stringContaining("the kernel panicked: sysrq triggered crash"),
    ]);
    expect((await place.run(["exec", "--", "true"])).stderr).toContain("no machine runs");
    expect([place.processes(), (await place.run(["down"])).status]).toEqual([[], 125]);
  });
});

describe("a boot that fails", () => {
  guestTest("by a panic says so in the kernel's words", async () => {
    const run = await place.run(["up", ...place.guest("rdinit=/nowhere"), "--name", "panics"]);
    expect([run.status, run.stderr]).toEqual([
      125,
      expect.stringMatching(/the kernel panicked: |Unable to mount root fs/),
    ]);
    expect([place.processes(), place.leftovers()]).toEqual([[], []]);
  });

  guestTest("by standing still is tried once more, and then shows the last lines", async () => {
    const waits = ["--wait", "silence=4"];
    const run = await place.run(["up", ...place.guest("rdinit=/hangs"), "--name", "hangs", ...waits]);
    expect(run.status).toBe(125);
    expect(run.stderr).toContain("the boot came to a halt; once more, afresh, by tcg");
    expect(run.stderr).toContain("  | half way up");
    expect(run.stderr).toContain("--wait silence=SECONDS");
    expect([place.processes(), place.leftovers()]).toEqual([[], []]);
  });

  guestTest("is ended by Control-C", async () => {
    const run = place.start(["up", ...place.guest("rdinit=/hangs"), "--name", "stopped"]);
    await run.says("starting");
    run.child.kill("SIGINT");
    expect((await run.ended).status).toBe(130);
    expect([place.processes(), place.leftovers()]).toEqual([[], []]);
  });
});

describe("what cannot be done", () => {
  guestTest("is told before anything is started", async () => {
    const told = async (args: readonly string[], env?: NodeJS.ProcessEnv) => {
      const { status, stderr } = env === undefined ? await place.run(args) : await place.start(args, env).ended;
      return [status, stderr.split("\n")[0]];
    };
    const memory = ["--memory", "99999999"];
    expect(await told(["up", ...place.guest(), ...memory])).toEqual([
      125,
      expect.stringContaining("99999999 MiB of memory"),
    ]);
    expect(await told(["up", "--kernel", "/nowhere/kernel"])).toEqual([
      125,
      "vm: /nowhere/kernel: there is no such file",
    ]);
    expect(await told(["up", "--image", "/nowhere/image"])).toEqual([
      125,
      "vm: /nowhere/image: there is no such image",
    ]);
    expect(await told(["up", "13"])).toEqual([2, expect.stringContaining("13: neither a release")]);
    expect(await told(["up", "--name", "a/b", ...place.guest()])).toEqual([2, expect.stringContaining("a/b")]);
    expect(await told(["exec", "--", "true"])).toEqual([125, "vm: no machine runs"]);
    expect(await told(["up"], { PATH: "/nowhere" })).toEqual([125, "vm: qemu-system-x86_64 is not installed"]);
    const cut = join(place.folder, "cut.qcow2");
    writeFileSync(cut, Buffer.from("QFI\xfb\0\0\0\x03".padEnd(600, "\xff"), "latin1"));
    const [status, line] = await told(["up", "--image", cut, "--accel", "tcg"]);
    expect([status, line]).toEqual([125, expect.stringContaining("cut.qcow2")]);
    expect([place.processes(), place.leftovers()]).toEqual([[], []]);
  });

  guestTest("a download that Control-C ends leaves no half image", async () => {
    let asked: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = createServer((request, response) => {
      if (request.url?.endsWith("CHECKSUM.SHA512")) {
        response.end(`SHA512 (FreeBSD-15.0-RELEASE-amd64-BASIC-CI-ufs.raw.xz) = ${"0".repeat(128)}\n`);
        return;
      }
      response.writeHead(200, { "content-length": 1_000_000 });
      response.write("half an image", () => asked());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const run = place.start(["up", "15.0", "--accel", "tcg"], { BSDJAIL_VM_MIRROR: mirror });
    await begun;
    run.child.kill("SIGINT");
    expect((await run.ended).status).toBe(130);
    const images = join(place.cache, "images");
    expect([existsSync(images) ? readdirSync(images) : [], place.leftovers()]).toEqual([[], []]);
    rmSync(images, { recursive: true, force: true });
  });
});

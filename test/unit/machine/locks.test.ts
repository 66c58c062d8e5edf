import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeDirectories } from "../../../lib/machine/directories.js";
import type { LockHolder } from "../../../lib/machine/machine.js";
import { actorAlive, bootSeconds, currentActor, startedAfterBoot } from "../../../lib/machine/process-identity.js";
import { SimulatedMachine } from "../../../lib/machine/simulated/machine.js";
import { VersionedFile } from "../../../lib/machine/versioned-file.js";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "locks-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it("makes the folders that are missing, and ends where none can be made", () => {
  const path = folder();
  makeDirectories(join(path, "a/b/c"), 0o700);
  makeDirectories(join(path, "a/b/c"), 0o700);
  expect(readdirSync(join(path, "a/b"))).toEqual(["c"]);
  writeFileSync(join(path, "file"), "");
  expect(() => makeDirectories(join(path, "file/x"), 0o700)).toThrow(/ENOTDIR/);
  expect(() => makeDirectories(join(path, "file"), 0o700)).toThrow(/EEXIST/);
});

// mkdirSync with `recursive` never comes back from there.
it.runIf(process.platform === "linux")("ends where the file system makes no folders", () => {
  expect(() => makeDirectories("/proc/bsdjail/x", 0o700)).toThrow(/ENOENT/);
});

const machine = () => new SimulatedMachine({ jails: () => [] });

/** Runs a script in another process, with this checkout's sources; resolves with what it printed. */
function elsewhere(script: string, onText?: (text: string, kill: () => void) => void): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=commonjs", "-e", script], {
    cwd: join(__dirname, "../../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString();
    onText?.(text, () => child.kill("SIGKILL"));
  });
  return new Promise((resolve) => child.on("close", () => resolve(text)));
}

describe("a file in versions", () => {
  it("tells one of two writers of the same version that it came too late", () => {
    const path = join(folder(), "file");
    const [one, two] = [new VersionedFile(path), new VersionedFile(path)];
    expect(one.read()).toEqual({ number: 0, text: "" });
    expect(one.replace(0, "first")).toBe(true);
    expect(two.replace(0, "second")).toBe(false);
    expect(two.read()).toEqual({ number: 1, text: "first" });
    expect(two.replace(1, "second")).toBe(true);
    expect(readdirSync(path).sort()).toEqual(["lock", "value"]);
  });

  it("refuses a writer that slept while its version went", () => {
    const path = join(folder(), "file");
    const [one, two] = [new VersionedFile(path), new VersionedFile(path)];
    for (let version = 0; version < 20; version++) one.replace(version, String(version));
    for (const slept of [0, 1, 5, 15]) expect(two.replace(slept, "late")).toBe(false);
    expect(two.read().text).toBe("19");
  });

  it("loses no change of several processes", async () => {
    const path = join(folder(), "file");
    const script = `
      const { VersionedFile } = require("./lib/machine/versioned-file.ts");
      const file = new VersionedFile(${JSON.stringify(path)});
      for (let done = 0; done < 200; ) {
        const { number, text } = file.read();
        if (file.replace(number, String(Number(text || 0) + 1))) done++;
      }`;
    await Promise.all([elsewhere(script), elsewhere(script), elsewhere(script)]);
    expect(new VersionedFile(path).read().text).toBe("600");
  });
});

describe("a lock", () => {
  it("is held by one, and the one who waits sees by whom", async () => {
    const path = `${folder()}/web`;
    const one = machine();
    const held = await one.lock(path, "up");
    const seen: LockHolder[] = [];
    const order: string[] = [];
    const waiting = machine()
      .lock(path, "down", { onWait: (holder) => seen.push(holder) })
      .then(async (lock) => {
        order.push("taken");
        await lock.release();
      });
    await one.sleep(20);
    order.push("released");
    await held.release();
    await held.release();
    await waiting;
    expect(order).toEqual(["released", "taken"]);
    expect(seen).toMatchObject([{ purpose: "up", pid: process.pid }]);
  });

  it("ends with the process that holds it, killed however", async () => {
    const path = `${folder()}/web`;
    const text = await elsewhere(
      `
      const { SimulatedMachine } = require("./lib/machine/simulated/machine.ts");
      new SimulatedMachine({ jails: () => [] }).lock(${JSON.stringify(path)}, "up").then(() => {
        console.log("held");
        setInterval(() => {}, 1000);
      });`,
      (_text, kill) => kill(),
    );
    expect(text).toBe("held\n");
    const seen: LockHolder[] = [];
    const lock = await machine().lock(path, "down", { onWait: (holder) => seen.push(holder) });
    expect(seen).toEqual([]);
    await lock.release();
  });

  it("of an earlier boot is nobody's", async () => {
    const path = `${folder()}/web`;
    const one = machine();
    await one.lock(path, "up");
    one.reboot();
    const lock = await one.lock(path, "up");
    await lock.release();
  });

  it("is not waited for when the signal says so", async () => {
    const path = `${folder()}/web`;
    const one = machine();
    await one.lock(path, "up");
    const reason = new Error("no longer");
    await expect(one.lock(path, "up", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = one.lock(path, "up", { signal: controller.signal, onWait: () => controller.abort(reason) });
    await expect(waiting).rejects.toBe(reason);
  });
});

describe("files below a root", () => {
  it("are not opened through a symbolic link that a jail could have made", async () => {
    const root = folder();
    mkdirSync(join(root, "jail/log"), { recursive: true });
    const { symlinkSync } = await import("node:fs");
    symlinkSync(root, join(root, "jail/out"));
    symlinkSync(join(root, "secret"), join(root, "jail/log/link"));
    const one = machine();
    const jail = join(root, "jail");
    await expect(one.openAppend(`${jail}/out/secret`, jail)).rejects.toMatchObject({ code: "ELOOP" });
    await expect(one.openAppend(`${jail}/log/link`, jail)).rejects.toMatchObject({ code: "ELOOP" });
    await expect(one.openAppend(`${jail}/log/../../x`, jail)).rejects.toMatchObject({ code: "EINVAL" });
    const file = await one.openAppend(`${jail}/log/console`, jail);
    await file.append(Buffer.from("line\n"));
    await file.close();
    expect(Buffer.from(await one.readFile(`${jail}/log/console`)).toString()).toBe("line\n");
    expect(readdirSync(root)).toEqual(["jail"]);
  });

  it("are replaced whole or not at all", async () => {
    const root = folder();
    const one = machine();
    writeFileSync(join(root, "file"), "old");
    await expect(one.writeFile(join(root, "no/file"), Buffer.from("x"))).rejects.toMatchObject({ code: "ENOENT" });
    await one.writeFile(join(root, "file"), Buffer.from("new"));
    expect(Buffer.from(await one.readFile(join(root, "file"))).toString()).toBe("new");
    expect(readdirSync(root)).toEqual(["file"]);
  });
});

describe("a simulated machine in a folder", () => {
  it("is one machine to several processes", async () => {
    const state = join(folder(), "world");
    const script = (from: number) => `
      const { SimulatedMachine } = require("./lib/machine/simulated/machine.ts");
      const { runProgram } = require("./lib/machine/run.ts");
      const machine = new SimulatedMachine({ jails: () => [], state: ${JSON.stringify(state)} });
      (async () => {
        for (let i = 0; i < 20; i++) {
          await runProgram(machine, { argv: ["/sbin/ifconfig", "lo0", "inet", "10.0." + ${from} + "." + i + "/32", "alias"] });
        }
      })();`;
    await Promise.all([elsewhere(script(1)), elsewhere(script(2))]);
    const { world } = new SimulatedMachine({ jails: () => [], state });
    expect(world.interfaces[0]?.addresses).toHaveLength(42);
  });
});

describe("who a process is", () => {
  // As FreeBSD 15.1 prints them.
  const BOOT = "{ sec = 1795664441, usec = 932124 } Thu Nov 26 03:40:41 2026\n";

  it("is told by when it started after the machine did, whatever it does and whatever the clock says", () => {
    const boot = bootSeconds(BOOT);
    expect(boot).toBe(1795664441.932124);
    expect(startedAfterBoot("R     Thu Nov 26 03:55:37 2026    \n", boot)).toBe("895");
    expect(startedAfterBoot("S     Thu Nov 26 03:55:37 2026    \n", boot)).toBe("895");
    // The clock was set an hour back.
    expect(startedAfterBoot("SCs   Thu Nov 26 02:55:37 2026    \n", boot - 3600)).toBe("895");
    expect(startedAfterBoot("Z     Thu Nov 26 03:55:37 2026    \n", boot)).toBeUndefined();
    expect(startedAfterBoot("", boot)).toBeUndefined();
  });

  it("knows this process, and none of another start or boot", async () => {
    const self = await currentActor();
    expect(self.started).toMatch(/^\d+$/);
    expect(await actorAlive(self)).toBe(true);
    expect(await actorAlive({ ...self, started: String(Number(self.started) - 500) })).toBe(false);
    expect(await actorAlive({ ...self, boot: "another" })).toBe(false);
    expect(await actorAlive({ ...self, pid: 2 ** 22 + 1 })).toBe(false);
  });
});

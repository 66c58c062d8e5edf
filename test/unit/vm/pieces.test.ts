import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { actorOf, currentActor } from "../../../lib/machine/process-identity.js";
import { Cache, partialName } from "../../../scripts/vm/cache.js";
import { Cleanup } from "../../../scripts/vm/cleanup.js";
import { UsageError, VmError } from "../../../scripts/vm/errors.js";
import { isoImage } from "../../../scripts/vm/guest/iso.js";
import { seedImage, userData } from "../../../scripts/vm/guest/seed.js";
import { withLock } from "../../../scripts/vm/lock.js";
import { chooseAccelerator, deviceProblem, qemuVersion, Remembered } from "../../../scripts/vm/machine/accelerator.js";
import { kernelKind, rootLabel } from "../../../scripts/vm/machine/kernel-kind.js";
import { QemuProcess } from "../../../scripts/vm/machine/process.js";
import { defaultAppend, type MachineSpec, qemuArgs } from "../../../scripts/vm/machine/qemu.js";
import { type MachineRecord, Records } from "../../../scripts/vm/machine/records.js";
import { parseOptions } from "../../../scripts/vm/options.js";
import { slugOf } from "../../../scripts/vm/session.js";
import { parseWait, WAITS, Waits } from "../../../scripts/vm/waits.js";
import { scratch } from "./fake-console.js";

const { signal } = new AbortController();

describe("waits", () => {
  it("grow with the accelerator's slowness where they wait for the guest, and not where they were set", () => {
    const waits = new Waits({ boot: 7 }).scaled(6);
    expect([waits.ms("boot"), waits.ms("silence"), waits.ms("lock")]).toEqual([
      7000,
      6000 * WAITS.silence.limit,
      1000 * WAITS.lock.limit,
    ]);
  });

  it("are set by name", () => {
    expect(parseWait("boot=1.5")).toEqual(["boot", 1.5]);
    for (const wrong of ["boot", "boot=", "boot=0", "boot=x", "nap=3", "boot=1=2"])
      expect(() => parseWait(wrong)).toThrow(wrong);
  });
});

describe("the command line", () => {
  it("is read with what goes to the guest kept apart", () => {
    const options = parseOptions([
      "exec",
      "--name",
      "m",
      "--env",
      "A=b=c",
      "--timeout",
      "1.5",
      "--",
      "ls",
      "--all",
      "-l",
    ]);
    expect(options).toMatchObject({ command: "exec", rest: ["ls", "--all", "-l"], env: { A: "b=c" }, timeout: 1.5 });
    const matrix = parseOptions([
      "test",
      "--arch",
      "amd64,aarch64",
      "13.5",
      "15.0",
      "--wait",
      "boot=9",
      "--no-network",
    ]);
    expect(matrix).toMatchObject({
      arches: ["amd64", "aarch64"],
      words: ["13.5", "15.0"],
      waits: { boot: 9 },
      network: false,
    });
  });

  it("refuses what it does not know by the word", () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [[], "no command"],
      [["tset"], "tset"],
      [["test", "--arch", "sparc"], "--arch sparc"],
      [["test", "--accel", "magic"], "--accel magic"],
      [["test", "--memory", "lots"], "--memory lots"],
      [["test", "--cpus", "0"], "--cpus 0"],
      [["test", "--parts", "vitest,none"], "--parts none"],
      [["test", "--keep", "--keep-on-failure"], "two different wishes"],
      [["test", "--image", "a.raw", "15.0"], "one or the other"],
      [["test", "--initrd", "x"], "--kernel"],
      [["exec", "--timeout", "soon", "--", "ls"], "--timeout soon"],
      [["exec", "--env", "=x", "--", "ls"], "--env =x"],
      [["test", "--nope"], "--nope"],
    ];
    for (const [argv, word] of wrong) expect(() => parseOptions(argv), argv.join(" ")).toThrow(word);
  });
});

describe("a lock", () => {
  const waits = new Waits({ lock: 60 });

  it("lets one in at a time", async () => {
    const file = join(scratch(), "locks/x");
    let inside = 0;
    let most = 0;
    await Promise.all(
      [1, 2, 3].map(() =>
        withLock(file, { waits, signal }, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
        }),
      ),
    );
    expect([most, existsSync(file)]).toEqual([1, false]);
  });

  it("of a process that is gone is taken over", async () => {
    const file = join(scratch(), "x");
    const gone = { ...(await currentActor()), started: "long ago", token: "old" };
    writeFileSync(file, JSON.stringify(gone));
    expect(await withLock(file, { waits, signal }, async () => "done")).toBe("done");
  });

  it("of a living process is waited for up to its limit, and told of", async () => {
    const file = join(scratch(), "x");
    writeFileSync(file, JSON.stringify({ ...(await currentActor()), token: "other" }));
    const told: number[] = [];
    const late = withLock(
      file,
      { waits: new Waits({ lock: 0.05 }), signal, onWait: (pid) => told.push(pid) },
      async () => 1,
    );
    await expect(late).rejects.toThrow("still holds");
    expect(told).toEqual([process.pid]);
    expect(readdirSync(join(file, ".."))).toEqual(["x"]);
  });
});

it("a cleanup undoes the last first, goes on past what fails, and leaves what was taken off", async () => {
  const done: string[] = [];
  const cleanup = new Cleanup();
  cleanup.add("first", () => void done.push("first"));
  const take = cleanup.add("taken", () => void done.push("taken"));
  cleanup.add("bad", () => Promise.reject(new Error("no")));
  cleanup.add("last", () => void done.push("last"));
  take();
  expect(await cleanup.run()).toEqual(["bad: no"]);
  expect(done).toEqual(["last", "first"]);
});

describe("the cache", () => {
  it("lists what is whole and sweeps what was left half made a day ago", () => {
    const cache = new Cache(scratch());
    writeFileSync(cache.path("images", "whole"), "x");
    const partial = partialName(cache.path("images", "half"));
    mkdirSync(partial);
    expect(cache.list().map(({ name }) => name)).toEqual(["whole"]);
    cache.sweep();
    expect(existsSync(partial)).toBe(true);
    cache.sweep(Date.now() + 2 * 86_400_000);
    expect([existsSync(partial), existsSync(cache.path("images", "whole"))]).toEqual([false, true]);
  });
});

const SPEC: MachineSpec = {
  ...{ arch: "amd64", memory: 1024, cpus: 2, accelerator: { name: "kvm", slowness: 1 }, disk: "/m/a,b.qcow2" },
  ...{ kernel: undefined, seed: undefined, inbox: "/m/in", outbox: "/m/out", sshPort: undefined, network: false },
  ...{ console: "/s/console", monitor: "/s/monitor", record: "/m/console.log" },
};

describe("QEMU's arguments", () => {
  const valuesOf = (args: readonly string[], word: string) => args.filter((_, index) => args[index - 1] === word);

  it("are for the accelerator, record the console and wait for the monitor", () => {
    const args = qemuArgs(SPEC);
    expect([valuesOf(args, "-accel"), valuesOf(args, "-cpu"), valuesOf(args, "-nic")]).toEqual([
      ["kvm"],
      ["host"],
      ["none"],
    ]);
    expect(args).toContain("-S");
    expect(valuesOf(args, "-chardev")[0]).toContain("path=/s/console,server=on,wait=off,logfile=/m/console.log");
    expect(valuesOf(args, "-drive")[0]).toContain("file=/m/a,,b.qcow2,format=qcow2");
    const emulated = qemuArgs({ ...SPEC, accelerator: { name: "tcg", slowness: 6 } });
    expect([valuesOf(emulated, "-accel"), valuesOf(emulated, "-cpu")]).toEqual([
      ["tcg,thread=multi,tb-size=512"],
      ["max,la57=off,erms=off,smap=off,svm=off,monitor=off"],
    ]);
  });

  it("forward a port for ssh and keep the guest in where there is to be no network", () => {
    const inside = valuesOf(qemuArgs({ ...SPEC, sshPort: 2222 }), "-netdev")[0];
    expect(inside).toBe("user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22,restrict=on");
    expect(valuesOf(qemuArgs({ ...SPEC, sshPort: 2222, network: true }), "-netdev")[0]).not.toContain("restrict");
  });

  it("give the seed as a SCSI disc, and a kernel its command line", () => {
    expect(valuesOf(qemuArgs({ ...SPEC, seed: "/m/seed.iso" }), "-device")).toContain("scsi-cd,bus=scsi.0,drive=seed");
    const kernel = { path: "/k", initrd: "/i", append: "console=ttyS0 a,b" };
    const args = qemuArgs({ ...SPEC, disk: undefined, kernel });
    expect([valuesOf(args, "-kernel"), valuesOf(args, "-initrd"), valuesOf(args, "-append")]).toEqual([
      ["/k"],
      ["/i"],
      [kernel.append],
    ]);
    expect(() => qemuArgs({ ...SPEC, disk: undefined })).toThrow("neither an image nor a kernel");
  });

  it("wait for a saved machine where one is to be resumed", () => {
    const args = qemuArgs({ ...SPEC, incoming: "/s/incoming" });
    expect([valuesOf(args, "-incoming"), args.includes("-S")]).toEqual([["defer"], false]);
  });
});

describe("a kernel that is booted directly", () => {
  it("is told by its file, and where its root is by the image", () => {
    const folder = scratch();
    const [freebsd, linux, disk] = [join(folder, "kernel"), join(folder, "vmlinuz"), join(folder, "root.img")];
    writeFileSync(freebsd, "\x7fELF....\0/red/herring\0", "latin1");
    writeFileSync(linux, "MZ");
    expect([kernelKind(freebsd), kernelKind(linux)]).toEqual(["freebsd", "other"]);
    const image = Buffer.alloc(80_000);
    expect(rootLabel(linux)).toBeUndefined();
    writeFileSync(disk, image);
    expect(rootLabel(disk)).toBeUndefined();
    image.writeUInt32LE(0x19540119, 65536 + 1372);
    image.write("rootfs\0", 65536 + 680);
    writeFileSync(disk, image);
    expect(rootLabel(disk)).toBe("ufs/rootfs");
    expect(defaultAppend("freebsd", "amd64", "ufs/rootfs")).toContain("vfs.root.mountfrom=ufs:/dev/ufs/rootfs");
    expect(defaultAppend("other", "amd64", undefined)).toBe("console=ttyS0");
    expect(defaultAppend("other", "aarch64", undefined)).toBe("console=ttyAMA0");
  });
});

/** Reads an ISO image as Rock Ridge's readers do: the root's records, their NM fields, their extents. */
function readIso(image: Buffer): { label: string; files: Record<string, string> } {
  const descriptor = image.subarray(16 * 2048);
  expect(descriptor.toString("latin1", 0, 6)).toBe("\x01CD001");
  expect(image.toString("latin1", 17 * 2048, 17 * 2048 + 6)).toBe("\xffCD001");
  const root = descriptor.readUInt32LE(158) * 2048;
  const files: Record<string, string> = {};
  let at = root;
  for (let number = 0; (image[at] ?? 0) > 0; number++) {
    const length = image[at] as number;
    const record = image.subarray(at, at + length);
    expect(record.readUInt32LE(2)).toBe(record.readUInt32BE(6));
    const nameLength = record[32] as number;
    let field = 33 + nameLength + (nameLength % 2 === 0 ? 1 : 0);
    if (number === 0) expect(record.toString("latin1", field, field + 7)).toBe("SP\x07\x01\xbe\xef\0");
    for (; field + 4 <= length && (record[field + 2] ?? 0) > 0; field += record[field + 2] as number) {
      if (record.toString("latin1", field, field + 2) !== "NM") continue;
      const name = record.toString("utf8", field + 5, field + (record[field + 2] as number));
      const start = record.readUInt32LE(2) * 2048;
      files[name] = image.toString("utf8", start, start + record.readUInt32LE(10));
    }
    at += length;
  }
  return { label: descriptor.toString("latin1", 40, 72).trimEnd(), files };
}

describe("cloud-init's seed", () => {
  it("is an ISO image with the label and the two files", () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 bsdjail-vm";
    const { label, files } = readIso(seedImage("m1", key));
    expect(label).toBe("cidata");
    expect(files).toEqual({ "meta-data": "instance-id: m1\nlocal-hostname: m1\n", "user-data": userData(key) });
    expect(files["user-data"]).toMatch(/^#!\/bin\/sh\n/);
    expect(() => seedImage("m1", "ssh-ed25519 x'; rm -rf /")).toThrow(VmError);
  });

  it("keeps files of several sectors whole", () => {
    const files = { "a-b": "x".repeat(5000), "c-d": "", "e-f": "y".repeat(2048) };
    expect(readIso(isoImage("L", files)).files).toEqual(files);
  });
});

describe("accelerators", () => {
  it("that cannot be opened are named with the reason", () => {
    expect(deviceProblem("/dev/null")).toBeUndefined();
    expect(deviceProblem("/dev/not-there")).toContain("there is no");
  });

  it("that were seen to fail are remembered for this QEMU", async () => {
    const cache = new Cache(scratch());
    const remembered = new Remembered(cache, "QEMU 1");
    remembered.set("kvm", "amd64", "it stood still");
    expect([remembered.get("kvm", "amd64"), remembered.get("kvm", "aarch64")]).toEqual(["it stood still", undefined]);
    expect(new Remembered(cache, "QEMU 2").get("kvm", "amd64")).toBeUndefined();
  });

  it("of another processor leave emulation, and say so", async () => {
    const foreign = process.arch === "arm64" ? "amd64" : "aarch64";
    const remembered = new Remembered(new Cache(scratch()), "QEMU 1");
    const { candidates, notes } = await chooseAccelerator(foreign, undefined, remembered, signal);
    expect(candidates.map(({ name }) => name)).toEqual(["tcg"]);
    expect(notes).toHaveLength(1);
    if (process.platform !== "linux") return;
    await expect(chooseAccelerator(foreign, "kvm", remembered, signal)).rejects.toThrow("the guest's");
  });

  it("need QEMU, and say how to get it", async () => {
    const { PATH } = process.env;
    onTestFinished(() => {
      process.env.PATH = PATH;
    });
    process.env.PATH = "/nowhere";
    const error = (await qemuVersion("amd64", signal).catch((thrown) => thrown)) as VmError;
    expect([error.message, error.hint]).toEqual([
      "qemu-system-x86_64 is not installed",
      expect.stringContaining("Install QEMU"),
    ]);
  });
});

describe("a QEMU process", () => {
  it("goes when the process that started it is killed, and not when it is to outlive it", async () => {
    const folder = scratch();
    const script = `
      const { QemuProcess } = require(${JSON.stringify(join(__dirname, "../../../scripts/vm/machine/process.ts"))});
      const stays = QemuProcess.start("sleep", ["600"], ${JSON.stringify(join(folder, "a.log"))}, true);
      const goes = QemuProcess.start("sh", ["-c", "echo $$; exec sleep 600"], ${JSON.stringify(join(folder, "b.log"))}, false);
      console.log(stays.pid, goes.pid);
      setInterval(() => {}, 1000);`;
    const tsx = join(__dirname, "../../../node_modules/tsx/dist/cjs/index.cjs");
    const child = spawn(process.execPath, ["--require", tsx, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const line = await new Promise<string>((resolve) => child.stdout.setEncoding("utf8").once("data", resolve));
    const [stays = 0, goes = 0] = line.trim().split(" ").map(Number);
    const inner = await poll(() => Number(readFileSync(join(folder, "b.log"), "utf8")) || undefined);
    child.kill("SIGKILL");
    await poll(async () =>
      (await actorOf(goes)) === undefined && (await actorOf(inner)) === undefined ? true : undefined,
    );
    expect(await actorOf(stays)).toBeDefined();
    process.kill(-stays, "SIGKILL");
  });

  it("tells its status and its complaints", async () => {
    const log = join(scratch(), "log");
    const child = QemuProcess.start("sh", ["-c", "echo 'no such machine' >&2; exit 3"], log, false);
    expect(await child.exited).toBe(3);
    expect(child.failure("it did not start")).toMatchObject({
      message: expect.stringContaining("status 3"),
      detail: ["no such machine"],
    });
  });

  it("that is killed is gone with all its children", async () => {
    const log = join(scratch(), "log");
    const child = QemuProcess.start("sh", ["-c", "sleep 600 & echo $!; wait"], log, false);
    const inner = await poll(() => Number(readFileSync(log, "utf8")) || undefined);
    await child.kill();
    expect([await actorOf(child.pid), await actorOf(inner)]).toEqual([undefined, undefined]);
  });
});

/** Asks until there is an answer; the test's own limit is the limit. */
async function poll<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("the records of machines", () => {
  async function record(name: string, alive: boolean): Promise<MachineRecord> {
    const self = await currentActor();
    const actor = alive ? self : { ...self, started: "long ago" };
    const files = { sockets: scratch(), console: "", monitor: "", record: "", inbox: "", outbox: "" };
    return {
      name,
      actor,
      label: "15.0",
      arch: "amd64",
      accelerator: { name: "tcg", slowness: 6 },
      way: "serial",
      ...files,
    };
  }

  it("choose the only machine, or want a name", async () => {
    const records = new Records(new Cache(scratch()));
    await expect(records.choose(undefined)).rejects.toThrow("no machine runs");
    records.write(await record("one", true));
    records.write(await record("gone", false));
    expect((await records.choose(undefined)).name).toBe("one");
    records.write(await record("two", true));
    await expect(records.choose(undefined)).rejects.toThrow("more than one");
    expect((await records.choose("two")).name).toBe("two");
    await expect(records.choose("gone")).rejects.toThrow("no machine named gone runs");
  });

  it("sweep machines that ended, and those whose maker did; not those that are being made", async () => {
    const records = new Records(new Cache(scratch()));
    records.write(await record("up", true));
    records.write(await record("ended", false));
    records.begin("making", await currentActor());
    records.begin("orphan", { ...(await currentActor()), started: "long ago" });
    await records.sweep();
    expect(records.names()).toEqual(["making", "up"]);
  });
});

it("a target's word can be a file's name", () => {
  expect(slugOf("15.0", "amd64")).toBe("15.0-amd64");
  expect(slugOf("/x y/FreeBSD-15.0.qcow2.xz", "aarch64")).toBe("FreeBSD-15.0-aarch64");
  expect(slugOf("https://host/a?b=..", "amd64")).toBe("a-b-amd64");
  expect(() => {
    throw new UsageError("x");
  }).toThrow(UsageError);
});

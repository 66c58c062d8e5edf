import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNative, openSimulated } from "../../../lib/native.js";
import { list, machine, ok } from "./lists.js";

it.runIf(process.platform !== "freebsd")("a machine without jails explains itself and the way out", () => {
  const { value, error } = openNative();
  expect(value).toBeUndefined();
  expect(error?.code).toBe("ERR_JAIL_UNSUPPORTED_PLATFORM");
  expect(error?.message).toContain(process.platform);
  expect(error?.message).toContain("BSDJAIL_KERNEL=simulated");
});

it("a package without its addon can be imported, and says what is missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-bare-"));
  try {
    mkdirSync(join(folder, "lib"));
    const lib = join(__dirname, "../../../lib");
    for (const file of readdirSync(lib))
      if (file.endsWith(".ts")) copyFileSync(join(lib, file), join(folder, "lib", file));
    symlinkSync(join(__dirname, "../../../node_modules"), join(folder, "node_modules"));
    const bare = (await import(join(folder, "lib/native.ts"))) as typeof import("../../../lib/native.js");
    for (const { error } of [bare.openNative(), bare.openSimulated()]) {
      expect(error?.code).toBe("ERR_JAIL_ADDON");
      expect(error?.message).toContain("npm rebuild bsdjail");
      expect(error?.cause).toBeInstanceOf(Error);
    }
    expect(bare.jailExecPath()).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("a simulated machine is what its options say", () => {
  const { kernel, controls } = machine({ release: "14", hostname: "box", lastJid: 41 });
  expect(controls.release).toMatch(/^14\./);
  expect([kernel.system, kernel.simulated]).toEqual(["freebsd", true]);
  expect(ok(kernel.jailSetSync(list(["persist", "null"], ["host", "int", 2]), 1))).toBe(42);
  const row = kernel.jailReadSync({ jid: 42 }, [{ name: "host.hostname", size: 256, grows: false, text: true }], 0);
  expect(Buffer.from(row.data).toString()).toBe("box");
});

it("processes attach, fork, change user and end; jails end with them", () => {
  const { kernel, controls } = machine();
  const jid = ok(kernel.jailSetSync(list(["name", "string", "a"], ["persist", "null"]), 1));
  const process = controls.process();
  expect(process.attach(99)).toMatchObject({ value: -1, error: { code: "EINVAL", syscall: "jail_attach" } });
  expect(ok(process.attach(jid))).toBe(0);
  const child = process.fork();
  child.setuid(1001);
  expect([child.jid, child.uid, child.alive]).toEqual([jid, 1001, true]);
  expect(controls.processes().map((one) => one.pid)).toEqual([process.pid, child.pid]);
  ok(kernel.jailSetSync(list(["jid", "int", jid], ["nopersist", "null"]), 2));
  process.exit();
  child.exit();
  expect(child.alive).toBe(false);
  expect(kernel.jailListSync([], 0).rows).toBe(0);
});

it("spawned processes are listed, killed and let go", () => {
  const { kernel, controls } = machine();
  const jid = ok(kernel.jailSetSync(list(["name", "string", "a"], ["persist", "null"]), 1));
  const pid = ok(controls.spawn({ jid, command: "sleep 5", ignores: [15], user: "www", uid: 80 }));
  expect(controls.processes()).toMatchObject([{ pid, jid, command: "sleep 5", user: "www", uid: 80 }]);
  ok(controls.kill(pid, 15));
  expect(ok(controls.killJail(jid, 0, false))).toBe(1);
  ok(controls.kill(pid, 9));
  expect(controls.kill(pid, 0)).toMatchObject({ value: -1, error: { code: "ESRCH", syscall: "kill" } });
  const other = ok(controls.spawn({ jid }));
  ok(controls.exit(other));
  expect(controls.processes()).toEqual([]);
  expect(controls.spawn({ jid: 77 }).error?.code).toBe("ENOENT");
});

it("faults strike the call that they name", async () => {
  const { kernel, controls } = machine({ faults: [{ call: "jail_set", nth: 2, code: "ENOMEM", message: "no room" }] });
  const make = (name: string) => list(["name", "string", name], ["persist", "null"]);
  ok(kernel.jailSetSync(make("a"), 1));
  expect((await kernel.jailSet(make("b"), 1)).error).toMatchObject({ code: "ENOMEM", message: "no room" });
  ok(kernel.jailSetSync(make("b"), 1));
  controls.addFault({ call: "jail_remove", code: "EPERM", repeat: true });
  for (let i = 0; i < 3; i++) expect(kernel.jailRemoveSync(1).error?.code).toBe("EPERM");
  controls.clearFaults();
  ok(kernel.jailRemoveSync(1));
});

it("a jail can be held dying", () => {
  const { kernel, controls } = machine();
  const jid = ok(kernel.jailSetSync(list(["name", "string", "a"], ["persist", "null"]), 1));
  ok(controls.holdDying(jid));
  ok(kernel.jailRemoveSync(jid));
  expect(kernel.jailReadSync({ jid }, [], 0).error?.message).toBe(`jail ${jid} is dying`);
  expect(kernel.jailReadSync({ jid }, [], 8).value).toBe(jid);
  ok(controls.finishDying(jid));
  expect(kernel.jailReadSync({ jid }, [], 8).error?.code).toBe("ENOENT");
  expect(controls.holdDying(jid).error?.code).toBe("ENOENT");
});

it("two machines share a state file, and a machine in memory shares nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-state-"));
  try {
    const stateFile = join(folder, "state");
    const [one, other] = [machine({ stateFile }), machine({ stateFile })];
    ok(one.kernel.jailSetSync(list(["name", "string", "a"], ["persist", "null"]), 1));
    expect(other.kernel.jailListSync([], 0).rows).toBe(1);
    expect(machine().kernel.jailListSync([], 0).rows).toBe(0);
    const { error } = openSimulated({ stateFile: join(folder, "no/such/folder/state") });
    expect(error?.code).toBe("ERR_JAIL_SIMULATED");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

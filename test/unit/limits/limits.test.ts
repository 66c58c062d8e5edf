import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JailHost, type JailLimit, JailParameterError } from "../../../lib/index.js";

/** The rules of the machine, as rctl(8) prints them. */
const rules = (host: JailHost) =>
  host.kernel
    .rctlSync("rctl_get_rules", "")
    .text.split(",")
    .filter((rule) => rule !== "");

async function limited() {
  const host = JailHost.simulated({ racct: true });
  return { host, web: await host.create({ name: "web", "children.max": 1 }) };
}

describe("limits of a jail", () => {
  it("are set, told the newest first, replaced where they refuse, and taken away", async () => {
    const { host, web } = await limited();
    const limits: JailLimit[] = [
      { resource: "pcpu", action: "deny", amount: 50 },
      { resource: "memoryuse", action: "deny", amount: "1g" },
      { resource: "memoryuse", action: "sigkill", amount: 2n ** 30n, per: "process" },
      { resource: "maxproc", action: "devctl", amount: 5 },
      { resource: "memoryuse", action: "deny", amount: "64M" },
    ];
    for (const limit of limits) await web.limits.add(limit);
    expect(rules(host)).toEqual([
      "jail:web:memoryuse:deny=67108864",
      "jail:web:maxproc:devctl=5",
      "jail:web:memoryuse:sigkill=1073741824/process",
      "jail:web:pcpu:deny=50",
    ]);
    expect(await web.limits.get()).toEqual([
      { resource: "memoryuse", action: "deny", amount: 67108864, per: "jail" },
      { resource: "maxproc", action: "devctl", amount: 5, per: "jail" },
      { resource: "memoryuse", action: "sigkill", amount: 1073741824, per: "process" },
      { resource: "pcpu", action: "deny", amount: 50, per: "jail" },
    ]);
    expect(await web.limits.remove({ resource: "memoryuse" })).toBe(true);
    expect(await web.limits.remove({ resource: "memoryuse" })).toBe(false);
    expect(rules(host)).toEqual(["jail:web:maxproc:devctl=5", "jail:web:pcpu:deny=50"]);
    expect(await web.limits.remove()).toBe(true);
    expect(await web.limits.get()).toEqual([]);
  });

  it("leave with the jail, but for those that stay and those of others", async () => {
    const { host, web } = await limited();
    host.kernel.rctlSync("rctl_add_rule", "jail:web:openfiles:deny=9");
    await web.limits.add({ resource: "maxproc", action: "deny", amount: 5 });
    await web.limits.add({ resource: "nthr", action: "deny", amount: 5 }, { stays: true });
    await web.remove();
    expect(rules(host)).toEqual(["jail:web:nthr:deny=5", "jail:web:openfiles:deny=9"]);
    const again = await host.create({ name: "web" });
    await again.limits.add({ resource: "maxproc", action: "deny", amount: 5 });
    again.removeSync();
    const owned = await host.create({ name: "owned" }, { owned: true });
    await owned.limits.add({ resource: "maxproc", action: "deny", amount: 5 });
    owned[Symbol.dispose]();
    expect(rules(host)).toEqual(["jail:web:nthr:deny=5", "jail:web:openfiles:deny=9"]);
  });

  it("keep more processes from starting in the jail and in those inside it", async () => {
    const { host, web } = await limited();
    const kid = await host.create({ name: "web.kid" });
    await web.limits.add({ resource: "maxproc", action: "deny", amount: 2 });
    for (const jail of [web, kid]) await jail.spawn("sleep", [], { detached: true, stdio: "ignore" }).entered;
    await expect(kid.exec("true")).rejects.toMatchObject({ code: "ERR_JAIL_ENTRY", errnoCode: "EAGAIN" });
    expect(await web.usage()).toMatchObject({ maxproc: 2, nthr: 2, memoryuse: 0 });
    expect(await kid.usage()).toMatchObject({ maxproc: 1 });
    await web.stop({ timeout: 1, children: true });
    expect(await web.usage()).toMatchObject({ maxproc: 0 });
  });

  it("are kept in a state file with the machine", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bsdjail-limits-"));
    const stateFile = join(folder, "state");
    const host = JailHost.simulated({ stateFile, racct: true });
    await (await host.create({ name: "web" })).limits.add({ resource: "maxproc", action: "deny", amount: 2 });
    expect(rules(JailHost.simulated({ stateFile }))).toEqual(["jail:web:maxproc:deny=2"]);
    rmSync(folder, { recursive: true });
  });

  it.each<[string, unknown, RegExp]>([
    ["no limit at all", undefined, /^limit cannot be undefined: it must be an object/],
    [
      "an unknown resource",
      { resource: "nosuch", action: "deny", amount: 1 },
      /^resource cannot be "nosuch": it is one of cputime/,
    ],
    ["an unknown action", { resource: "maxproc", action: "frob", amount: 1 }, /^action cannot be "frob"/],
    ["no amount", { resource: "maxproc", action: "deny" }, /^amount cannot be undefined: a limit needs it/],
    ["an amount that is none", { resource: "maxproc", action: "deny", amount: "abc" }, /^amount cannot be "abc"/],
    ["an amount below 0", { resource: "maxproc", action: "deny", amount: -1 }, /^amount cannot be -1/],
    ["an amount beyond 2^63", { resource: "maxproc", action: "deny", amount: 2n ** 63n }, /^amount cannot be/],
    [
      "what cannot be refused",
      { resource: "cputime", action: "deny", amount: 1 },
      /^action cannot be "deny": the use of cputime/,
    ],
    ["what cannot be slowed", { resource: "maxproc", action: "throttle", amount: 1 }, /^action cannot be "throttle"/],
    ["an unknown per", { resource: "maxproc", action: "deny", amount: 1, per: "host" }, /^per cannot be "host"/],
  ])("are checked first: %s", async (_name, limit, message) => {
    const { host, web } = await limited();
    await expect(web.limits.add(limit as JailLimit)).rejects.toThrow(JailParameterError);
    await expect(web.limits.add(limit as JailLimit)).rejects.toThrow(message);
    expect(rules(host)).toEqual([]);
  });

  it("are of jails that are there, whatever the kernel takes", async () => {
    const { host, web } = await limited();
    await web.remove();
    const limit: JailLimit = { resource: "maxproc", action: "deny", amount: 1 };
    await expect(web.limits.add(limit)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(web.usage()).rejects.toMatchObject({ code: "ENOENT" });
    expect(rules(host)).toEqual([]);
    const colon = await host.create({ name: "a:b" });
    await expect(colon.limits.add(limit)).rejects.toThrow(/colon/);
  });

  it("are refused in words where the kernel does not count", async () => {
    for (const [release, words] of [
      ["15.1", /kern\.racct\.enable=1/],
      ["dragonfly-6.4", /DragonFly/],
    ] as const) {
      const host = JailHost.simulated({ release });
      const jail = await host.create({ path: "/", "host.hostname": "h" });
      const refusal = { name: "JailStateError", code: "ERR_JAIL_NO_RACCT", message: expect.stringMatching(words) };
      await expect(jail.usage()).rejects.toMatchObject(refusal);
      await expect(jail.limits.get()).rejects.toMatchObject(refusal);
      await expect(jail.limits.add({ resource: "maxproc", action: "deny", amount: 1 })).rejects.toMatchObject(refusal);
    }
  });

  it("fail as the kernel fails", async () => {
    const { host, web } = await limited();
    host.simulation?.addFault({ call: "rctl_add_rule", code: "ENOMEM" });
    await expect(web.limits.add({ resource: "maxproc", action: "deny", amount: 1 })).rejects.toMatchObject({
      ...{ name: "JailError", code: "ENOMEM", syscall: "rctl_add_rule", jail: "web" },
    });
  });
});

describe("rctl(2) of the simulated kernel", () => {
  it("takes and refuses rules as the kernel does", () => {
    const { kernel } = JailHost.simulated({ racct: true });
    const add = (rule: string) => kernel.rctlSync("rctl_add_rule", rule).error?.code;
    expect(add("jail:nosuchjail:maxproc:deny=5")).toBeUndefined();
    expect(add("JAIL:bad.name:MaxProc:DENY=2/jail")).toBeUndefined();
    expect(add("jail:l:nosuch:deny=5")).toBe("EINVAL");
    expect(add("jail:l:maxproc:frob=5")).toBe("EINVAL");
    expect(add("jail:l:maxproc:deny=abc")).toBe("EINVAL");
    expect(add("jail:l:maxproc:deny=99999999999999999999")).toBe("ERANGE");
    expect(add("jail:l:maxproc:deny")).toBe("EINVAL");
    expect(add("jail:l:wallclock:deny=1")).toBe("EOPNOTSUPP");
    expect(add("jail:l:nsem:deny=1/process")).toBe("EOPNOTSUPP");
    expect(add(`jail:${"x".repeat(300)}:maxproc:deny=1`)).toBe("ENAMETOOLONG");
    expect(add("x".repeat(5000))).toBe("E2BIG");
    expect(kernel.rctlSync("rctl_get_rules", "jail:bad.name").text).toBe("jail:bad.name:maxproc:deny=2");
    expect(kernel.rctlSync("rctl_remove_rule", "jail:nosuch").error?.code).toBe("ESRCH");
    expect(kernel.rctlSync("rctl_get_racct", "jail:nothere").text).toMatch(/^cputime=0,datasize=0,.*,writeiops=0$/);
    expect(kernel.rctlSync("rctl_get_racct", "").error?.code).toBe("EINVAL");
  });

  it("is the host's root's alone", async () => {
    const { host, web } = await limited();
    const nobody = host.simulation?.process(65534);
    expect(nobody?.kernel.rctlSync("rctl_get_rules", "").error?.code).toBe("EPERM");
    const inside = host.simulation?.process();
    inside?.attach(web.jid);
    expect(inside?.kernel.rctlSync("rctl_get_rules", "").error?.code).toBe("EPERM");
  });
});

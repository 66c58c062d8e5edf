import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import type { JailHost } from "../../../lib/host.js";
import type { Jail } from "../../../lib/jail.js";
import { runProgram } from "../../../lib/machine/run.js";
import { type Faults, onOwnKernel, test, workerHost } from "../../../lib/vitest/index.mjs";
import { makeJail, sweepJails } from "../../../lib/vitest/jails.js";
import { differenceLines, differences, takeSnapshot } from "../../../lib/vitest/snapshot.js";

const simulatedOnly = onOwnKernel();

/** What an assertion that failed says. */
async function complaint(assertion: Promise<unknown>): Promise<string> {
  return assertion.then(
    () => Promise.reject(new Error("it passed")),
    (error: Error) => error.message,
  );
}

describe("a jail per test", () => {
  const seen: { jid: number; name: string }[] = [];

  test("lives while the test runs", async ({ jail, host }) => {
    expectTypeOf(jail).toEqualTypeOf<Jail>();
    expectTypeOf(host).toEqualTypeOf<JailHost>();
    expect(await host.list(["name"])).toContainEqual({ name: jail.name });
    seen.push({ jid: jail.jid, name: jail.name });
  });

  test("is another one in the next test, and the last is gone", async ({ jail, host }) => {
    const [last] = seen;
    const names = (await host.list(["name"], { dying: true })).map(({ name }) => name);
    expect(names).toContain(jail.name);
    expect(names).not.toContain(last?.name);
  });

  test("may be removed by the test itself", async ({ jail }) => {
    await jail.remove();
  });

  test.extend({ jailParameters: { "host.hostname": "under.test", "children.max": 2 } })(
    "has the parameters that were asked for",
    async ({ jail }) => {
      expect(await jail.get(["host.hostname", "children.max"])).toEqual({
        "host.hostname": "under.test",
        "children.max": 2,
      });
    },
  );

  test("of a run whose process is gone is swept away; those of living ones stay", async ({ host, jail }) => {
    // No process has a pid beyond the limits of the systems that there are.
    const left = await host.create({ name: "vitest-2000000001-7", path: "/" });
    expect(await sweepJails(host)).toEqual(["vitest-2000000001-7"]);
    const names = (await host.list(["name"])).map(({ name }) => name);
    expect([names.includes(jail.name), names.includes(left.name)]).toEqual([true, false]);
  });

  test("is told apart by its name however many there are", async ({ host }) => {
    const jails = await Promise.all([makeJail(host, {}), makeJail(host, {}), makeJail(host, { path: "/" })]);
    expect(new Set(jails.map(({ name }) => name)).size).toBe(3);
    for (const jail of jails) await jail.remove();
  });
});

describe("the host of a worker", () => {
  test("is the same for every test, and where there are no jails a simulated one", ({ host }) => {
    expect(host).toBe(workerHost());
    expect(host.simulation === undefined).toBe(onOwnKernel());
  });

  it.skipIf(simulatedOnly)("is another one for another release", () => {
    const older = workerHost("13.2");
    expect([older.simulation?.release, workerHost("13.2") === older]).toEqual(["13.2", true]);
    expect(workerHost("15.1")).not.toBe(older);
  });

  it("is decided by the environment", () => {
    expect([onOwnKernel({ BSDJAIL_KERNEL: "native" }), onOwnKernel({ BSDJAIL_KERNEL: "simulated" })]).toEqual([
      true,
      false,
    ]);
    expect(() => onOwnKernel({ BSDJAIL_KERNEL: "both" })).toThrow('BSDJAIL_KERNEL is "both"');
  });
});

describe("faults", () => {
  test("come by the call's name and the errno's", async ({ faults, host }) => {
    expectTypeOf(faults).toEqualTypeOf<Faults>();
    faults.fail("jail_set", "ENOMEM", { nth: 2 });
    const first = await host.create({ name: "first", path: "/" });
    await expect(host.create({ name: "second", path: "/" })).rejects.toMatchObject({
      code: "ENOMEM",
      syscall: "jail_set",
    });
    await first.remove();
    expect(() => faults.fail("jail_set", "ENOMEM", { nth: 0 })).toThrow("nth");
    faults.fail("jail_set", "EIO", { repeat: true });
  });

  test("are gone in the next test", async ({ jail }) => {
    expect(jail.jid).toBeGreaterThan(0);
  });
});

describe("toLeaveNothing", () => {
  test("passes where everything that was made is gone", async ({ host, lifecycle }) => {
    await expect(async () => {
      const jail = await host.create({ name: "short", path: "/" });
      await jail.remove();
    }).toLeaveNothing({ host });
    await expect(async () => {
      const definition = { name: "started", parameters: { path: "/", persist: true } };
      expect((await lifecycle.up([definition]).result).ok).toBe(true);
      expect((await lifecycle.down([definition]).result).ok).toBe(true);
    }).toLeaveNothing();
  });

  test("waits for what is still dying", async ({ host, skip }) => {
    const { simulation } = host;
    if (simulation === undefined) return skip("only a simulated kernel holds a dying jail on request");
    let jid = 0;
    await expect(async () => {
      const jail = await host.create({ name: "dying", path: "/" });
      jid = jail.jid;
      simulation.holdDying(jid);
      jail.removeSync();
      setImmediate(() => simulation.finishDying(jid));
    }).toLeaveNothing();
    await expect(async () => {
      const jail = await host.create({ name: "dying", path: "/" });
      jid = jail.jid;
      simulation.holdDying(jid);
      jail.removeSync();
    }).not.toLeaveNothing();
    simulation.finishDying(jid);
  });

  test("names the jail, the mount and the address that were left", async ({ host, lifecycle }) => {
    const { machine } = lifecycle;
    const target = realpathSync(mkdtempSync(join(tmpdir(), "bsdjail-left-")));
    onTestFinished(() => rmSync(target, { recursive: true, force: true }));
    const run = (...argv: string[]) => runProgram(machine, { argv });
    let undo: (() => Promise<unknown>)[] = [];
    const text = await complaint(
      expect(async () => {
        const jail = await host.create({ name: "left", path: "/" });
        const entry = await machine.mount({ type: "tmpfs", source: "tmpfs", target, root: "/", options: [] });
        await run("ifconfig", "lo0", "inet", "127.0.0.99/32", "alias");
        undo = [
          () => jail.remove(),
          () => machine.unmount(entry),
          () => run("ifconfig", "lo0", "inet", "127.0.0.99", "-alias"),
        ];
      }).toLeaveNothing({ host, within: 0 }),
    );
    for (const each of undo) await each();
    expect(text).toMatch(/\+ jail \d+ \(left\) at \//);
    expect(text).toContain(`+ tmpfs tmpfs on ${target}`);
    expect(text).toContain("+ 127.0.0.99/32 on lo0");
  });

  test("names an interface and a ruleset too, and what is missing", async ({ host, lifecycle }) => {
    const { machine } = lifecycle;
    const run = (...argv: string[]) => runProgram(machine, { argv });
    await run("ifconfig", "lo7", "create");
    await run("ifconfig", "lo7", "inet", "127.7.7.7/32");
    const text = await complaint(
      expect(async () => {
        await run("devfs", "rule", "-s", "7777", "add", "100", "path", "null", "unhide");
        await run("ifconfig", "lo7", "destroy");
        await run("ifconfig", "lo8", "create");
      }).toLeaveNothing({ host, within: 0 }),
    );
    await run("ifconfig", "lo8", "destroy");
    await run("devfs", "rule", "-s", "7777", "delset");
    expect(text).toContain("+ interface lo8");
    expect(text).toContain("- interface lo7");
    expect(text).toContain("- 127.7.7.7/32 on lo7");
    expect(text).toContain("+ devfs ruleset 7777");
  });

  test("looks only at what was asked for", async ({ host }) => {
    let left: Jail | undefined;
    await expect(async () => {
      left = await host.create({ name: "not-looked-at", path: "/" });
    }).toLeaveNothing({ places: ["mounts"] });
    await left?.remove();
  });

  test("passes the work's own failure on, with what it left", async ({ host }) => {
    let left: Jail | undefined;
    const text = await complaint(
      expect(async () => {
        left = await host.create({ name: "failed", path: "/" });
        throw new Error("in the middle");
      }).toLeaveNothing({ within: 0 }),
    );
    await left?.remove();
    expect(text).toMatch(/^in the middle\nand the machine is not as it was:\n {2}\+ jail \d+ \(failed\)/);
    expect(await complaint(expect(Promise.resolve).toLeaveNothing())).not.toBe("");
  });

  it("wants a function", async () => {
    expect(await complaint(expect("work").toLeaveNothing())).toContain("wants a function");
    expectTypeOf(expect(() => {}).toLeaveNothing).returns.toEqualTypeOf<Promise<void>>();
  });
});

describe("a snapshot", () => {
  it("counts what is there more than once", () => {
    const found = differences({ mounts: ["a", "a", "b"] }, { mounts: ["a", "c", "b", "b"] });
    expect(differenceLines(found)).toEqual(["  + c", "  + b", "  - a"]);
  });

  test("of a machine at rest is the same twice", async ({ host, lifecycle }) => {
    const look = () => takeSnapshot(host, lifecycle.machine);
    expect(differences(await look(), await look())).toEqual([]);
  });
});

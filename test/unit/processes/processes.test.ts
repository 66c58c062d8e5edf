import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { type Jail, JailHost } from "../../../lib/index.js";

const TERM = 15;

/** A host with a jail, a child of it, and processes in both. */
async function family() {
  const host = JailHost.simulated();
  const parent = await host.create({ name: "a", "children.max": 2 });
  const child = await host.create({ name: "a.b" });
  const start = (jail: Jail, command: string, ignores: number[] = []) =>
    host.simulation?.spawn({ jid: jail.jid, command, user: "www", uid: 80, ignores, startedMs: 1000 }).value as number;
  return { host, parent, child, start };
}

describe("processes of a jail", () => {
  it("are listed with whose they are and since when, its children's on request", async () => {
    const { parent, child, start } = await family();
    const [own, below] = [start(parent, "nginx -g x"), start(child, "sleep 9")];
    const row = { parent: 0, uid: 80, user: "www", started: new Date(1000) };
    expect(await parent.processes()).toEqual([{ ...row, pid: own, jid: parent.jid, command: "nginx -g x" }]);
    expect(await parent.processes({ children: true })).toMatchObject([{ pid: own }, { pid: below, jid: child.jid }]);
    await parent.remove();
    await expect(parent.processes()).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("are signalled, its children's on request, and harmless signals end none", async () => {
    const { parent, child, start } = await family();
    const [stubborn, meek, below] = [start(parent, "s", [TERM]), start(parent, "m"), start(child, "c")];
    expect((await parent.kill("SIGWINCH")).map(({ pid }) => pid)).toEqual([stubborn, meek]);
    expect((await parent.kill()).map(({ pid }) => pid)).toEqual([stubborn, meek]);
    expect((await parent.kill("SIGKILL", { children: true })).map(({ pid }) => pid)).toEqual([stubborn, below]);
    expect(await parent.kill("SIGKILL")).toEqual([]);
    expect(await child.processes()).toEqual([]);
  });

  it("are stopped: TERM, time, KILL for those that did not go, who are named", async () => {
    const { parent, child, start } = await family();
    const [stubborn, meek] = [start(parent, "s", [TERM]), start(parent, "m")];
    start(child, "c");
    const { terminated, killed } = await parent.stop({ timeout: 5 });
    expect([terminated.map(({ pid }) => pid), killed.map(({ pid }) => pid)]).toEqual([[meek], [stubborn]]);
    expect(await parent.stop({ timeout: 5 })).toEqual({ terminated: [], killed: [] });
    expect(await child.processes()).toHaveLength(1);
    expect((await parent.stop({ timeout: 0, children: true })).killed).toMatchObject([{ command: "c" }]);
    const abort = AbortSignal.abort(new Error("no"));
    await expect(parent.stop({ signal: abort })).rejects.toThrow("no");
  });

  it("end a jail that does not persist", async () => {
    const { parent, child, start } = await family();
    await child.remove();
    start(parent, "m");
    await parent.update({ persist: false });
    expect((await parent.stop({ timeout: 1000 })).terminated).toHaveLength(1);
    await expect(parent.get(["name"])).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("fail as the kernel fails", async () => {
    const { host, parent } = await family();
    host.simulation?.addFault({ call: "sysctl", code: "ENOMEM" });
    await expect(parent.processes()).rejects.toMatchObject({ name: "JailError", code: "ENOMEM", syscall: "sysctl" });
  });
});

describe("what holds a jail", () => {
  it("is named with what would free it", async () => {
    const { parent, child, start } = await family();
    const pid = start(parent, "nginx");
    expect(await parent.blockers()).toEqual([
      {
        ...{ kind: "process", what: `process ${pid} of www runs in it: nginx`, shows: `pid ${pid}` },
        frees: `its end: \`kill ${pid}\`, or \`kill -9 ${pid}\``,
      },
      expect.objectContaining({ kind: "child", what: "jail a.b is inside it", shows: `jid ${child.jid}` }),
      expect.objectContaining({ kind: "persist" }),
    ]);
    await parent.remove();
    expect(await parent.blockers()).toEqual([]);
  });

  it("is nothing that we know of where a jail is dying without a process", async () => {
    const { host, child } = await family();
    host.simulation?.holdDying(child.jid);
    child.removeSync();
    expect(await child.blockers()).toEqual([]);
    host.simulation?.finishDying(child.jid);
  });
});

describe("host commands", () => {
  it("are killed with a jail that somebody removes", async () => {
    const host = JailHost.simulated({ commands: "host" });
    const jail = await host.create({ name: "web" });
    const child = jail.spawn("sleep", ["600"], { stdio: "ignore" });
    await child.entered;
    expect((await jail.processes()).map(({ pid }) => pid)).toEqual([child.pid]);
    const exited = once(child, "exit");
    await jail.remove();
    expect(await exited).toEqual([null, "SIGKILL"]);
  });
});

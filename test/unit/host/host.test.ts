import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { JailHost } from "../../../lib/index.js";

describe.each(["15.1", "14.0", "13.2"])("a host of release %s", (release) => {
  it("creates, opens, lists, updates and removes, sync and async alike", async () => {
    const host = JailHost.simulated({ release, lastJid: 6 });
    const web = await host.create({ name: "web", path: "/", "ip4.addr": "192.0.2.1" });
    const db = host.createSync({ name: "db", path: "/" });
    expect([web.jid, web.name, db.jid]).toEqual([7, "web", 8]);
    expect(await host.list(["jid", "name", "persist"])).toEqual([
      { jid: 7, name: "web", persist: true },
      { jid: 8, name: "db", persist: true },
    ]);
    expect((await host.open("web")).jid).toBe(7);
    expect(host.openSync(8).name).toBe("db");
    await web.update({ name: "www", "allow.raw_sockets": true });
    expect(web.name).toBe("www");
    expect(await web.get({ raw: "allow.raw_sockets", ips: "ip4.addr" })).toEqual({ raw: true, ips: ["192.0.2.1"] });
    await web.remove();
    expect(host.listSync(["name"])).toEqual([{ name: "db" }]);
    await expect(web.get(["name"])).rejects.toMatchObject({ code: "ENOENT", syscall: "jail_get" });
    await expect(web.remove()).resolves.toBeUndefined();
    db.removeSync();
    db.removeSync();
    expect(host.listSync(["name"])).toEqual([]);
  });

  it("refuses to act on a jid that now means another jail", async () => {
    const host = JailHost.simulated({ release });
    const old = await host.create({ jid: 50, name: "old", path: "/" });
    host.kernel.jailRemoveSync(50);
    const young = await host.create({ jid: 50, name: "young", path: "/" });
    await expect(old.update({ securelevel: 2 })).rejects.toThrow();
    await expect(old.get(["name"])).rejects.toThrow();
    await old.remove();
    expect(young.getSync(["name", "securelevel"])).toEqual({ name: "young", securelevel: -1 });
  });

  it("leaves a creation-only parameter out of an update where it is the same, and names it where it differs", async () => {
    const host = JailHost.simulated({ release });
    const jail = await host.create({ name: "a", path: "/tmp" });
    await jail.update({ path: "/tmp", securelevel: 1 });
    await expect(jail.update({ path: "/", securelevel: 2 })).rejects.toMatchObject({
      code: "ERR_JAIL_PARAMETER",
      parameter: "path",
    });
    expect(jail.getSync(["securelevel"])).toEqual({ securelevel: 1 });
  });
});

describe("a host", () => {
  it("carries all of the kernel's error", () => {
    const host = JailHost.simulated();
    host.createSync({ name: "a", path: "/" });
    expect(() => host.createSync({ name: "a", path: "/" })).toThrow(
      expect.objectContaining({
        name: "JailError",
        code: "EEXIST",
        errno: -17,
        syscall: "jail_set",
        kernelMessage: 'jail "a" already exists',
        jail: "a",
      }),
    );
    expect(() => host.createSync({ name: "b", path: "/", "children.max": 9999999 })).toThrow(/EPERM: .+, jail_set 'b'/);
  });

  it("says what is missing when a removed jail lingers, and resolves once it is let go", async () => {
    const host = JailHost.simulated();
    const jail = await host.create({ name: "a", path: "/" });
    host.simulation?.holdDying(jail.jid);
    await expect(jail.remove({ timeout: 5 })).rejects.toMatchObject({ code: "ERR_JAIL_LINGERS" });
    expect(await host.list(["name"])).toEqual([]);
    expect(await host.list(["name", "dying"], { dying: true })).toEqual([{ name: "a", dying: true }]);
    const controller = new AbortController();
    const waiting = jail.remove({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow();
    host.simulation?.finishDying(jail.jid);
    await jail.remove();
    expect(await host.list(["name"], { dying: true })).toEqual([]);
  });

  it("removes an owned jail with its handle", async () => {
    const host = JailHost.simulated({ release: "15.1" });
    {
      await using jail = await host.create({ name: "scratch", path: "/" }, { owned: true });
      expect(host.listSync(["name"])).toEqual([{ name: jail.name }]);
    }
    expect(host.listSync(["name"])).toEqual([]);
  });

  it("waits at the end of a block until an owned jail is gone, and for no other", async () => {
    const host = JailHost.simulated({ release: "15.1" });
    const [owned, other] = [await host.create({ path: "/" }, { owned: true }), await host.create({ path: "/" })];
    host.simulation?.holdDying(owned.jid);
    let gone = false;
    const disposal = owned[Symbol.asyncDispose]().then(() => {
      gone = true;
    });
    await other[Symbol.asyncDispose]();
    expect([gone, host.listSync(["jid"])]).toEqual([false, [{ jid: other.jid }]]);
    host.simulation?.finishDying(owned.jid);
    await disposal;
    expect(host.listSync(["jid"], { dying: true })).toEqual([{ jid: other.jid }]);
  });

  it("refuses an owned jail where the kernel has no descriptors", async () => {
    const host = JailHost.simulated({ release: "14.0" });
    await expect(host.create({ path: "/" }, { owned: true })).rejects.toMatchObject({
      code: "EINVAL",
      kernelMessage: "",
      message: expect.stringContaining("no jail descriptors"),
    });
    expect(host.listSync(["name"])).toEqual([]);
  });

  it("lists children of a jail by themselves", async () => {
    const host = JailHost.simulated();
    const parent = await host.create({ name: "p", path: "/", "children.max": 5 });
    await host.create({ name: "p.a", path: "/" });
    await host.create({ name: "q", path: "/" });
    expect(await parent.children(["name"])).toEqual([{ name: "p.a" }]);
  });

  it("rejects at once with the reason of an aborted signal", async () => {
    const host = JailHost.simulated();
    const signal = AbortSignal.abort(new Error("no"));
    await expect(host.create({ path: "/" }, { signal })).rejects.toThrow("no");
    await expect(host.list(["name"], { signal })).rejects.toThrow("no");
    expect(host.listSync(["name"])).toEqual([]);
  });

  it("gives every parameter where none is named, and refuses names that are none", async () => {
    const host = JailHost.simulated();
    const web = await host.create({ name: "web", path: "/", "children.max": 2 });
    const all = await web.get();
    expect(Object.keys(all).sort()).toEqual(Array.from(host.parameters, ({ name }) => name).sort());
    expect(all).toMatchObject({ name: "web", "children.max": 2, "allow.mount": false });
    expect(web.getSync()).toEqual(all);
    const refused = { code: "ERR_JAIL_PARAMETER", parameter: "names" };
    for (const names of ["jid", 5, null, [1]] as never[]) {
      await expect(web.get(names)).rejects.toMatchObject(refused);
      await expect(host.list(names)).rejects.toMatchObject(refused);
    }
  });

  it("shows a jail and a host shortly", () => {
    const host = JailHost.simulated();
    const web = host.createSync({ name: "web", path: "/" });
    expect(inspect({ web, host })).toBe(
      "{\n  web: Jail { jid: 1, name: 'web' },\n  host: JailHost { system: 'freebsd', simulated: true }\n}",
    );
    expect(JSON.stringify(web)).toBe('{"jid":1,"name":"web"}');
  });

  it("says by its code why a simulated machine cannot be opened", () => {
    const refused = expect.objectContaining({ name: "JailStateError", code: "ERR_JAIL_SIMULATED" });
    expect(() => JailHost.simulated({ release: "12.4" })).toThrow(refused);
    expect(() => JailHost.simulated({ stateFile: "/nonexistent/folder/state" })).toThrow(refused);
  });

  it("names an unknown parameter that is asked for", () => {
    const host = JailHost.simulated();
    expect(() => host.listSync(["nonesuch"])).toThrow(
      expect.objectContaining({ code: "EINVAL", parameter: "nonesuch" }),
    );
  });

  it.runIf(process.platform === "linux")("explains itself where there are no jails", () => {
    expect(() => JailHost.native()).toThrow(expect.objectContaining({ code: "ERR_JAIL_UNSUPPORTED_PLATFORM" }));
    expect(() => JailHost.native()).toThrow(/BSDJAIL_KERNEL=simulated/);
  });
});

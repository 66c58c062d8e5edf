import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCommand } from "../../../lib/cli/verbs/create.js";
import { getCommand } from "../../../lib/cli/verbs/get.js";
import { listCommand } from "../../../lib/cli/verbs/list.js";
import { removeCommand } from "../../../lib/cli/verbs/remove.js";
import { setCommand } from "../../../lib/cli/verbs/set.js";
import { diagnose } from "../../../lib/doctor/index.js";
import { HostSettingError, JailError, JailHost, JailParameterError } from "../../../lib/index.js";
import { memoryIo } from "../cli/memory-io.js";

const dragonfly = (release = "dragonfly-6.4") => JailHost.simulated({ release });
const own = { path: "/jails/web", "host.hostname": "web", "ip4.addr": ["127.0.0.2", "10.0.0.1"] };

async function refused(promise: Promise<unknown>): Promise<JailError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(JailError);
  return error as JailError;
}

describe("JailHost on DragonFly", () => {
  it("makes, opens, reads, lists and removes jails", async () => {
    const host = dragonfly();
    expect(host.kernel.system).toBe("dragonfly");
    const web = await host.create({ ...own, "ip6.addr": ["::2", "2001:db8::1"], path: "/jails/my web" });
    const db = host.createSync({ path: "/jails/db", "host.hostname": "db" });
    expect([web.jid, web.name, db.jid, db.name]).toEqual([1, "1", 2, "2"]);
    expect(await host.list()).toEqual([
      {
        jid: 1,
        name: "1",
        path: "/jails/my web",
        "host.hostname": "web",
        "ip4.addr": ["127.0.0.2", "10.0.0.1"],
        "ip6.addr": ["::2", "2001:db8::1"],
      },
      { jid: 2, name: "2", path: "/jails/db", "host.hostname": "db", "ip4.addr": [], "ip6.addr": [] },
    ]);
    const opened = await host.open("2");
    expect(await opened.get({ host: "host.hostname", parent: "parent", dying: "dying" })).toEqual({
      host: "db",
      parent: 0,
      dying: false,
    });
    await web.remove();
    expect(host.listSync(["jid"])).toEqual([{ jid: 2 }]);
    await expect(host.open(1)).rejects.toMatchObject({ code: "ENOENT", kernelMessage: "jail 1 not found" });
    db.removeSync();
    expect(host.simulation?.processes()).toEqual([]);
    await db.remove();
  });

  it("is entered by processes, and ends with the last of them", async () => {
    const host = dragonfly();
    const jail = await host.create(own);
    const inside = host.simulation?.process();
    expect(inside?.attach(jail.jid)).toEqual({ value: 0 });
    expect(inside?.jid).toBe(jail.jid);
    expect(inside?.kernel.sysctlSync("jail.list").data).toHaveLength(0);
    const [holder] = host.simulation?.processes() ?? [];
    expect(holder).toMatchObject({ jid: jail.jid, command: "jail-exec" });
    host.simulation?.exit(holder?.pid ?? 0);
    expect(host.listSync(["jid"])).toEqual([{ jid: jail.jid }]);
    inside?.exit();
    expect(host.listSync(["jid"])).toEqual([]);
  });

  it("sets permissions after creation, and leaves the defaults alone", async () => {
    const host = dragonfly();
    const jail = await host.create({
      ...own,
      "allow.raw_sockets": true,
      "allow.socket_af": false,
      "allow.listen_override": true,
    });
    const names = [
      "allow.set_hostname",
      "allow.raw_sockets",
      "allow.socket_af",
      "allow.chflags",
      "allow.sysvipc",
      "allow.listen_override",
      "allow.mount.nullfs",
      "allow.mount.tmpfs",
      "allow.nochflags",
    ] as const;
    expect(await jail.get(names)).toEqual({
      "allow.set_hostname": true,
      "allow.raw_sockets": true,
      "allow.socket_af": false,
      "allow.chflags": false,
      "allow.sysvipc": false,
      "allow.listen_override": true,
      "allow.mount.nullfs": false,
      "allow.mount.tmpfs": false,
      "allow.nochflags": true,
    });
    await jail.update({ "allow.chflags": true, "allow.mount.nullfs": true, "allow.noset_hostname": true });
    expect(await jail.get(["allow.chflags", "allow.mount.nullfs", "allow.set_hostname"])).toEqual({
      "allow.chflags": true,
      "allow.mount.nullfs": true,
      "allow.set_hostname": false,
    });
    expect(host.settings.getSync("jail.defaults.allow_raw_sockets")).toBe(false);
    expect(host.settings.getSync("jail.1.net_raw_sockets")).toBe(1);
  });

  it("makes several at once, each with its own permissions", async () => {
    const host = dragonfly();
    const jails = await Promise.all(
      Array.from({ length: 12 }, (_, at) => host.create({ path: `/jails/${at}`, "allow.sysvipc": at % 2 === 0 })),
    );
    expect(new Set(jails.map(({ jid }) => jid)).size).toBe(12);
    for (const [at, jail] of jails.entries()) {
      expect(await jail.get(["path", "allow.sysvipc"])).toEqual({
        path: `/jails/${at}`,
        "allow.sysvipc": at % 2 === 0,
      });
    }
  });

  it("refuses by name, with the reason, what DragonFly has not", async () => {
    const host = dragonfly();
    const cases: [Record<string, unknown>, string, string][] = [
      [{ vnet: "new" }, "vnet", "share the host's network stack"],
      [{ "children.max": 2 }, "children.max", "cannot be nested"],
      [{ "meta.owner": "ops" }, "meta.owner", "no metadata"],
      [{ securelevel: 2 }, "securelevel", "the host's securelevel"],
      [{ "allow.mount": true }, "allow.mount", "a permission for each file system"],
      [{ "allow.mlock": true }, "allow.mlock", "no such permission"],
      [{ sysvshm: "new" }, "sysvshm", "allow.sysvipc"],
      [{ "ip4.saddrsel": false }, "ip4.nosaddrsel", "no mode"],
    ];
    for (const [more, parameter, reason] of cases) {
      const error = await refused(host.create({ path: "/", ...more }));
      expect(error).toMatchObject({ code: "EINVAL", syscall: "jail_set", parameter });
      expect(error.kernelMessage).toContain(reason);
    }
    expect((await refused(host.create({ path: "/", name: "web" }))).kernelMessage).toContain(
      "no names and go by their jid",
    );
    expect((await refused(host.create({ path: "/", jid: 7 }))).kernelMessage).toContain("chooses the jid");
    expect((await refused(host.create({ path: "/" }, { owned: true }))).code).toBe("EINVAL");
    expect(host.listSync(["jid"])).toEqual([]);

    const jail = await host.create(own);
    await expect(jail.update({ path: "/other" })).rejects.toThrow(JailParameterError);
    await jail.update({ path: "/jails/web" });
    await expect(jail.update({ "ip4.addr": ["10.0.0.2"] })).rejects.toThrow("can only be given when a jail is made");
    expect((await refused(jail.update({ persist: false }))).kernelMessage).toContain("lives as long as its processes");
    await expect(jail.get(["securelevel"])).rejects.toThrow("unknown parameter: securelevel");
    expect((await refused(host.open("web"))).kernelMessage).toContain("no names");
    expect((await host.kernel.eventsOpen()).error?.code).toBe("ENOSYS");
  });

  it("has the permissions of its release", () => {
    const names = (release: string) => Array.from(dragonfly(release).parameters, ({ name }) => name);
    const older = names("dragonfly-5.8");
    expect(older).toContain("allow.listen_override");
    expect(names("dragonfly-6.5").filter((name) => !older.includes(name))).toEqual([
      "allow.mount.devfs",
      "allow.mount.procfs",
      "allow.mount.fusefs",
    ]);
  });

  it("waits until what outlives the processes has let go", async () => {
    const host = dragonfly();
    const jail = await host.create(own);
    host.simulation?.holdDying(jail.jid);
    await expect(jail.remove({ timeout: 1 })).rejects.toMatchObject({ code: "ERR_JAIL_LINGERS" });
    expect(host.listSync(["jid"])).toEqual([{ jid: jail.jid }]);
    host.simulation?.finishDying(jail.jid);
    await jail.remove();
    expect(host.listSync(["jid"])).toEqual([]);
  });

  it("keeps jails in a state file that several hosts share", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bsdjail-dragonfly-"));
    try {
      const stateFile = join(folder, "state");
      const one = JailHost.simulated({ release: "dragonfly-6.4", stateFile });
      const other = JailHost.simulated({ stateFile });
      await one.create(own);
      expect(other.kernel.system).toBe("dragonfly");
      expect(other.listSync(["jid", "path"])).toEqual([{ jid: 1, path: "/jails/web" }]);
      await (await other.open(1)).remove();
      expect(one.listSync(["jid"])).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("settings of DragonFly", () => {
  it("are read, set and listed; new jails get them, old ones keep theirs", async () => {
    const host = dragonfly();
    const before = await host.create(own);
    expect(await host.settings.get("jail.defaults.set_hostname_allowed")).toBe(true);
    expect(await host.settings.set("jail.defaults.sysvipc_allowed", true)).toBe(false);
    expect(host.settings.setSync("jail.defaults.socket_unixiproute_only", true)).toBe(false);
    const after = await host.create({ path: "/jails/db", "ip4.addr": ["127.0.0.3"] });
    const names = ["allow.sysvipc", "allow.socket_af"] as const;
    expect(await before.get(names)).toEqual({ "allow.sysvipc": false, "allow.socket_af": true });
    expect(await after.get(names)).toEqual({ "allow.sysvipc": true, "allow.socket_af": false });
    const listed = await host.settings.list();
    expect(listed.map(({ name }) => name).filter((name) => name.startsWith("jail."))).toEqual([
      "jail.defaults.allow_listen_override",
      "jail.defaults.allow_raw_sockets",
      "jail.defaults.chflags_allowed",
      "jail.defaults.set_hostname_allowed",
      "jail.defaults.socket_unixiproute_only",
      "jail.defaults.sysvipc_allowed",
      "jail.defaults.vfs_mount_nullfs",
      "jail.defaults.vfs_mount_tmpfs",
      "jail.jailed",
    ]);
    expect(listed.find(({ name }) => name === "jail.defaults.sysvipc_allowed")).toMatchObject({
      value: true,
      writable: true,
    });
    expect(await host.settings.get("security.jail.jail_max_af_ips")).toBeUndefined();
  });

  it("say why they may not be set", async () => {
    const { settings } = dragonfly();
    const read = await settings.set("jail.jailed", true).catch((error: unknown) => error);
    expect(read).toBeInstanceOf(HostSettingError);
    expect(read).toMatchObject({ code: "EPERM", hint: "it can only be read" });
    await expect(settings.set("jail.defaults.vfs_mount_devfs", true)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("bsdjail on DragonFly", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bsdjail-dragonfly-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function run(command: typeof listCommand, ...argv: string[]) {
    const env = {
      BSDJAIL_KERNEL: "simulated",
      BSDJAIL_RELEASE: "dragonfly-6.4",
      BSDJAIL_STATE: join(folder, "kernel"),
    };
    const io = memoryIo(env, folder);
    const status = await command(argv, io);
    return { status, out: io.out(), err: io.err() };
  }

  it("the commands for one jail work", async () => {
    expect((await run(createCommand, "path=/jails/a", "host.hostname=a", "ip4.addr=127.0.0.2,10.0.0.1")).out).toContain(
      "jid 1",
    );
    expect((await run(listCommand)).out).toContain("127.0.0.2,10.0.0.1  a         /jails/a");
    expect((await run(setCommand, "1", "allow.raw_sockets")).status).toBe(0);
    expect((await run(getCommand, "1", "allow.raw_sockets", "path")).out).toBe("allow.raw_sockets\npath=/jails/a\n");
    expect((await run(getCommand, "1")).status).toBe(0);
    expect((await run(createCommand, "name=web", "path=/")).err).toContain("no names");
    expect((await run(removeCommand, "1")).out).toBe("removed 1, jid 1\n");
    expect((await run(listCommand, "-q")).out).toBe("");
  });
});

describe("diagnose on DragonFly", () => {
  it("says what there is not, and which jails share a localhost", async () => {
    const host = dragonfly();
    await host.create(own);
    const good = await diagnose(host);
    expect(good.ready).toEqual({ jails: "yes", vnet: "no", limits: "no", zfs: "no" });
    const localhost = async () => (await diagnose(host)).checks.find(({ name }) => name === "localhost");
    expect((await localhost())?.answer).toBe("yes");
    await host.create({ path: "/jails/b", "ip4.addr": ["127.0.0.2", "10.0.0.2"] });
    expect(await localhost()).toMatchObject({ answer: "no" });
    expect((await localhost())?.found).toContain("jail 1 shares its localhost 127.0.0.2 with jail 2");
    const override = (await diagnose(host)).checks.find(({ name }) => name === "listen-override");
    expect(override).toMatchObject({ answer: "no" });
    await host.settings.set("jail.defaults.allow_listen_override", true);
    expect((await diagnose(host)).checks.find(({ name }) => name === "listen-override")?.answer).toBe("yes");
  });
});

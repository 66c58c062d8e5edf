import { describe, expect, it } from "vitest";
import type { LocalKernel, RawSysctlOutcome } from "../../../lib/binding.js";
import { HostSettingError, type JailError, JailHost, JailParameterError } from "../../../lib/index.js";
import { HostSettings } from "../../../lib/settings/settings.js";

const ENOENT = { code: "ENOENT", errno: 2, syscall: "sysctl", message: "" };

/** A kernel of some sysctls, for what no simulated release has. */
function kernelOf(values: Readonly<Record<string, number>>): LocalKernel {
  const store = new Map(Object.entries(values));
  const sysctlSync = (name: string, value?: Uint8Array): RawSysctlOutcome => {
    const now = store.get(name);
    if (now === undefined) return { value: -1, error: ENOENT, data: new Uint8Array() };
    const data = Buffer.alloc(4);
    data.writeInt32LE(now);
    if (value !== undefined) store.set(name, Buffer.from(value).readInt32LE(0));
    return { value: 0, data };
  };
  const sysctlWalkSync = (prefix: string) => ({
    value: 0,
    nodes: [...store.keys()]
      .filter((name) => name.startsWith(`${prefix}.`))
      .map((name) => ({
        name,
        kind: 0xc0040002,
        format: "I",
        description: "",
        value: sysctlSync(name).data,
      })),
  });
  return { system: "freebsd", simulated: true, sysctlSync, sysctlWalkSync } as unknown as LocalKernel;
}

async function failure(promise: Promise<unknown>): Promise<HostSettingError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HostSettingError);
  return error as HostSettingError;
}

describe("host settings", () => {
  it("reads booleans, numbers and texts by their type", async () => {
    const { settings } = JailHost.simulated({ release: "15.1", hostname: "alpha" });
    expect(await settings.get("security.jail.set_hostname_allowed")).toBe(true);
    expect(await settings.get("security.jail.jailed")).toBe(false);
    expect(await settings.get("security.jail.jail_max_af_ips")).toBe(255);
    expect(await settings.get("security.jail.meta_maxbufsize")).toBe(4096);
    expect(await settings.get("kern.features.vimage")).toBe(true);
    expect(await settings.get("kern.racct.enable")).toBe(false);
    expect(await settings.get("kern.hostname")).toBe("alpha");
    expect(settings.getSync("security.jail.enforce_statfs")).toBe(2);
    expect(settings.getSync("security.jail.mount_tmpfs_allowed")).toBe(false);
  });

  it("reads what the kernel does not have as undefined", async () => {
    const { settings } = JailHost.simulated({ release: "13.2" });
    expect(await settings.get("security.jail.meta_maxbufsize")).toBeUndefined();
    expect(await settings.get("security.jail.ip4_saddrsel")).toBeUndefined();
    expect(settings.getSync("no.such.node")).toBeUndefined();
    expect(settings.getSync("nosuch")).toBeUndefined();
  });

  it("sets, tells what was before, and new jails follow", async () => {
    const host = JailHost.simulated({ release: "15.1" });
    expect(await host.settings.set("security.jail.jail_max_af_ips", 2)).toBe(255);
    expect(host.settings.setSync("security.jail.jail_max_af_ips", 1)).toBe(2);
    const refused = await host
      .create({ path: "/", "ip4.addr": ["192.0.2.1", "192.0.2.2"] })
      .catch((error: unknown) => error);
    expect((refused as JailError).kernelMessage).toBe("too many IPv4 addresses");
    expect(await host.settings.set("security.jail.allow_raw_sockets", true)).toBe(false);
    expect(await host.settings.get("security.jail.allow_raw_sockets")).toBe(true);
  });

  it("says why it may not be set", async () => {
    const { settings } = JailHost.simulated({ release: "15.1" });
    const read = await failure(settings.set("security.jail.jailed", true));
    expect(read).toMatchObject({
      code: "EPERM",
      errno: -1,
      syscall: "sysctl",
      setting: "security.jail.jailed",
      value: true,
    });
    expect(read.message).toBe("EPERM: security.jail.jailed=true: it can only be read");
    expect(read.kernelMessage).toBe("");
    expect((await failure(settings.set("kern.racct.enable", true))).hint).toContain(
      "/boot/loader.conf (kern.racct.enable=1)",
    );
    const missing = await failure(settings.set("security.jail.ip4_saddrsel", false));
    expect(missing).toMatchObject({ code: "ENOENT", name: "HostSettingError" });
    expect(missing.message).toContain("ip4.saddrsel");
    const older = JailHost.simulated({ release: "14.0" });
    expect((await failure(older.settings.set("security.jail.meta_maxbufsize", 1))).hint).toBe(
      "FreeBSD has it since 15.0.",
    );
  });

  it("tells a jail and a user from the host's root", async () => {
    const host = JailHost.simulated({ release: "15.1" });
    const jail = await host.create({ path: "/" });
    const inside = host.simulation?.process();
    inside?.attach(jail.jid);
    const jailed = new HostSettings(inside?.kernel as LocalKernel);
    expect(jailed.getSync("security.jail.jailed")).toBe(true);
    expect((await failure(jailed.set("security.jail.jail_max_af_ips", 3))).hint).toBe(
      "a jail cannot set it: the host's root can",
    );
    const user = new HostSettings(host.simulation?.process(1001).kernel as LocalKernel);
    expect((await failure(user.set("security.jail.jail_max_af_ips", 3))).hint).toBe("it takes the host's root");
    expect(host.settings.getSync("security.jail.jail_max_af_ips")).toBe(255);
  });

  it("refuses values that no kernel would take, before the call", async () => {
    const { settings } = JailHost.simulated({ release: "15.1" });
    const loose = settings as { set(name: string, value: unknown): Promise<unknown> };
    await expect(loose.set("security.jail.set_hostname_allowed", 1)).rejects.toThrow(JailParameterError);
    await expect(loose.set("security.jail.jail_max_af_ips", -1)).rejects.toThrow(
      "it must be an integer from 0 to 4294967295",
    );
    await expect(loose.set("security.jail.enforce_statfs", 1.5)).rejects.toThrow("it must be an integer");
    await expect(loose.set("security.jail.enforce_statfs", 2 ** 31)).rejects.toThrow("to 2147483647");
  });

  it("gives source address selection where the kernel is old enough to have it for all jails", () => {
    const settings = new HostSettings(kernelOf({ "security.jail.ip4_saddrsel": 1, "security.jail.ip6_saddrsel": 0 }));
    expect(settings.getSync("security.jail.ip4_saddrsel")).toBe(true);
    expect(settings.getSync("security.jail.ip6_saddrsel")).toBe(false);
    expect(settings.setSync("security.jail.ip4_saddrsel", false)).toBe(true);
    expect(settings.getSync("security.jail.ip4_saddrsel")).toBe(false);
  });

  it("lists what this kernel has", async () => {
    const names = async (release: string) =>
      (await JailHost.simulated({ release }).settings.list()).map(({ name }) => name);
    const newest = await names("15.1");
    expect(newest).toEqual([...newest].sort());
    expect(newest).toContain("kern.racct.enable");
    expect(newest).toContain("security.jail.mount_nullfs_allowed");
    expect(newest.filter((name) => name.startsWith("security.jail.param") || name.endsWith(".list"))).toEqual([]);
    const older = await names("13.2");
    expect(newest.filter((name) => !older.includes(name))).toEqual([
      "security.jail.children.cur",
      "security.jail.children.max",
      "security.jail.env",
      "security.jail.meta_maxbufsize",
      "security.jail.mlock_allowed",
      "security.jail.mount_p9fs_allowed",
    ]);
    const list = await JailHost.simulated().settings.list();
    const row = (name: string) => list.find((each) => each.name === name);
    expect(row("security.jail.jailed")).toMatchObject({ value: false, writable: false });
    expect(row("security.jail.jail_max_af_ips")).toMatchObject({ value: 255, writable: true });
    expect(row("kern.racct.enable")).toMatchObject({ value: false, writable: false });
  });

  it("an injected failure keeps its errno", async () => {
    const host = JailHost.simulated();
    host.simulation?.addFault({ call: "sysctl", code: "ENOMEM" });
    const error = await failure(host.settings.get("security.jail.jailed"));
    expect(error.code).toBe("ENOMEM");
  });
});

import { describe, expect, it } from "vitest";
import type { JailDefinition } from "../../../lib/lifecycle/parameters.js";
import { freshWorld } from "./world.js";

const shared = (name: string, address = "192.0.2.50"): JailDefinition => ({
  name,
  parameters: { path: "/jails/web", persist: true, interface: "em0", "ip4.addr": [address] },
});

describe("an address that two jails share", () => {
  for (const [first, second] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    it(`stays until the last of them is stopped: ${first} before ${second}`, async () => {
      const { lifecycle, addresses, leftovers } = freshWorld();
      expect((await lifecycle.up([shared("a"), shared("b")]).result).ok).toBe(true);
      expect(addresses("em0").filter((address) => address === "192.0.2.50")).toHaveLength(1);
      expect((await lifecycle.down([shared(first)]).result).ok).toBe(true);
      expect(addresses("em0")).toContain("192.0.2.50");
      expect((await lifecycle.down([shared(second)]).result).ok).toBe(true);
      expect(addresses("em0")).toEqual(["192.0.2.1"]);
      expect(await leftovers()).toEqual([]);
    });

    it(`stays when ${first} was killed before it could say that it was gone`, async () => {
      const { lifecycle, jails, addresses, leftovers } = freshWorld();
      await lifecycle.up([shared("a"), shared("b")]).result;
      const jail = await jails.find(first);
      await jails.remove(jail?.jid ?? 0);
      const recovered = await lifecycle.recover().result;
      expect(recovered.jails).toMatchObject(
        ["a", "b"].map((name) => ({ jail: name, state: name === first ? "down" : "unchanged" })),
      );
      expect(addresses("em0")).toContain("192.0.2.50");
      await lifecycle.down([shared(second)]).result;
      expect(await leftovers()).toEqual([]);
    });
  }

  it("is never taken from the host", async () => {
    const { lifecycle, addresses, leftovers } = freshWorld();
    const definition = shared("a", "192.0.2.1");
    expect((await lifecycle.up([definition]).result).ok).toBe(true);
    const down = await lifecycle.down([definition]).result;
    expect(down.ok).toBe(true);
    expect(addresses("em0")).toEqual(["192.0.2.1"]);
    expect(await leftovers()).toEqual([]);
  });

  it("keeps the netmask that the host gave it", async () => {
    const { lifecycle, machine } = freshWorld();
    await lifecycle.up([shared("a", "192.0.2.1")]).result;
    const [address] = machine.world.interfaces.find((entry) => entry.name === "em0")?.addresses ?? [];
    expect(address?.prefix).toBe(24);
  });

  it("stays for a jail that others started", async () => {
    const { lifecycle, jails, addresses } = freshWorld();
    await lifecycle.up([shared("a")]).result;
    await jails.foreign("theirs", { "ip4.addr": ["192.0.2.50"] });
    const down = await lifecycle.down([shared("a")]).result;
    expect(down.ok).toBe(true);
    expect(addresses("em0")).toContain("192.0.2.50");
  });

  it("is put back by an update when somebody removed it by hand", async () => {
    const { lifecycle, machine, addresses } = freshWorld();
    await lifecycle.up([shared("a")]).result;
    machine.change((world) => {
      for (const entry of world.interfaces)
        entry.addresses = entry.addresses.filter(({ address }) => address !== "192.0.2.50");
    });
    const plan = await lifecycle.plan([shared("a")]);
    expect(plan.jails).toMatchObject([{ change: "update", drift: [{ what: "alias em0|192.0.2.50", running: false }] }]);
    expect((await lifecycle.apply(plan).result).jails).toMatchObject([{ state: "updated" }]);
    expect(addresses("em0")).toContain("192.0.2.50");
    expect((await lifecycle.plan([shared("a")])).jails).toMatchObject([{ change: "none" }]);
  });
});

describe("a mount that two jails share", () => {
  const mounting = (name: string): JailDefinition => ({
    name,
    parameters: { path: "/jails/web", persist: true, mount: "tmpfs /jails/web/tmp tmpfs rw 0 0" },
  });

  it("stays until the last of them is stopped", async () => {
    const { lifecycle, mounted, leftovers } = freshWorld();
    await lifecycle.up([mounting("a"), mounting("b")]).result;
    expect(mounted()).toEqual(["/jails/web/tmp"]);
    await lifecycle.down([mounting("a")]).result;
    expect(mounted()).toEqual(["/jails/web/tmp"]);
    await lifecycle.down([mounting("b")]).result;
    expect(await leftovers()).toEqual([]);
  });

  it("is recognised where the host made it, and stays", async () => {
    const { lifecycle, machine, mounted } = freshWorld();
    await machine.mount({ type: "tmpfs", source: "tmpfs", target: "/jails/web/tmp", root: "/", options: [] });
    expect((await lifecycle.up([mounting("a")]).result).ok).toBe(true);
    expect(mounted()).toEqual(["/jails/web/tmp"]);
    await lifecycle.down([mounting("a")]).result;
    expect(mounted()).toEqual(["/jails/web/tmp"]);
  });

  it("of another kind is an error that names it", async () => {
    const { lifecycle, machine, mounted } = freshWorld();
    await machine.mount({ type: "nullfs", source: "/srv/data", target: "/jails/web/tmp", root: "/", options: [] });
    const outcome = await lifecycle.up([mounting("a")]).result;
    expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "EBUSY" } }]);
    expect(outcome.jails[0]?.error?.message).toContain("/srv/data (nullfs) is mounted on /jails/web/tmp already");
    expect(mounted()).toEqual(["/jails/web/tmp"]);
  });

  it("by the same jail twice on one directory is a stack, taken away from the top", async () => {
    const { lifecycle, mounted, leftovers } = freshWorld();
    const definition: JailDefinition = {
      name: "a",
      parameters: {
        path: "/jails/web",
        persist: true,
        mount: ["tmpfs /jails/web/tmp tmpfs rw 0 0", "/srv/data /jails/web/tmp nullfs ro 0 0"],
      },
    };
    expect((await lifecycle.up([definition]).result).ok).toBe(true);
    expect(mounted()).toEqual(["/jails/web/tmp", "/jails/web/tmp"]);
    expect((await lifecycle.down([definition]).result).ok).toBe(true);
    expect(await leftovers()).toEqual([]);
  });
});

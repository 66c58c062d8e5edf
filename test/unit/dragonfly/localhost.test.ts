import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { localhostOf, sharedLocalhosts } from "../../../lib/dragonfly/localhost.js";
import { JailHost } from "../../../lib/index.js";

const jail = (jid: number, ip4: readonly string[], ip6: readonly string[] = []) => ({
  jid,
  "ip4.addr": ip4,
  "ip6.addr": ip6,
});
const brief = (...jails: ReturnType<typeof jail>[]) =>
  sharedLocalhosts(jails).map(({ jid, family, address, with: sharers }) => ({ jid, family, address, with: sharers }));

describe("localhosts of jails", () => {
  it("are the first loopback address, else the first of all", () => {
    expect(localhostOf("ip4", ["10.0.0.1", "127.0.0.3", "127.0.0.2"])).toBe("127.0.0.3");
    expect(localhostOf("ip4", ["10.0.0.1", "10.0.0.2"])).toBe("10.0.0.1");
    expect(localhostOf("ip6", ["2001:db8::1", "::2"])).toBe("2001:db8::1");
    expect(localhostOf("ip6", ["2001:db8::1", "::1"])).toBe("::1");
    expect(localhostOf("ip6", [])).toBeUndefined();
  });

  it("are fine where each jail has one loopback and one external address", () => {
    expect(
      brief(
        jail(1, ["127.0.0.2", "10.0.0.1"], ["::2", "2001:db8::1"]),
        jail(2, ["10.0.0.2", "127.0.0.3"], ["::3", "2001:db8::2"]),
      ),
    ).toEqual([]);
    expect(brief(jail(1, []))).toEqual([]);
  });

  it("are told where they are shared with the host, another jail or the network", () => {
    expect(brief(jail(1, ["127.0.0.1", "10.0.0.1"]))).toEqual([
      { jid: 1, family: "ip4", address: "127.0.0.1", with: ["host"] },
    ]);
    expect(brief(jail(1, ["127.0.0.2"]), jail(2, ["127.0.0.2"]), jail(3, ["127.0.0.3"]))).toEqual([
      { jid: 1, family: "ip4", address: "127.0.0.2", with: [2] },
      { jid: 2, family: "ip4", address: "127.0.0.2", with: [1] },
    ]);
    expect(brief(jail(1, ["10.0.0.1"]))).toEqual([{ jid: 1, family: "ip4", address: "10.0.0.1", with: [] }]);
    expect(brief(jail(1, [], ["2001:db8::1", "::2"]))).toEqual([
      { jid: 1, family: "ip6", address: "2001:db8::1", with: [] },
    ]);
  });

  it("say what to do", () => {
    expect(sharedLocalhosts([jail(4, ["127.0.0.1"])])[0]?.message).toBe(
      "jail 4 shares its localhost 127.0.0.1 with the host: give it a loopback address of its own " +
        "(ifconfig lo0 inet 127.0.0.2 alias)",
    );
  });

  it("make a process warning when a jail is made, and only then", async () => {
    const host = JailHost.simulated({ release: "dragonfly-6.4" });
    const warned = once(process, "warning");
    const jail = await host.create({ path: "/", "ip4.addr": ["127.0.0.1"] });
    const [warning] = (await warned) as [Error & { code: string }];
    expect(warning).toMatchObject({ name: "JailWarning", code: "BSDJAIL_SHARED_LOCALHOST" });
    expect(warning.message).toContain(`jail ${jail.jid} shares its localhost`);
    const told: Error[] = [];
    const listen = (each: Error) => told.push(each);
    process.on("warning", listen);
    await host.create({ path: "/", "ip4.addr": ["127.0.0.2", "10.0.0.1"] });
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(told).toEqual([]);
  });
});

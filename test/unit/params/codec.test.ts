import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JailHost, JailParameterError } from "../../../lib/index.js";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../../lib/params/address.js";
import { encode } from "../../../lib/params/encode.js";

const host = JailHost.simulated({ release: "15.1" });
const table = host.parameters;
const one = (name: string, value: unknown) => encode(table, { [name]: value })[0];

describe("encoding", () => {
  it("writes booleans as names, negated in their last component", () => {
    expect(one("allow.mount", true)).toEqual(["allow.mount", null]);
    expect(one("allow.mount", false)).toEqual(["allow.nomount", null]);
    expect(one("allow.mount.devfs", false)).toEqual(["allow.mount.nodevfs", null]);
    expect(one("nopersist", true)).toEqual(["nopersist", null]);
    expect(one("nopersist", false)).toEqual(["persist", null]);
  });

  it("leaves undefined out and takes null for a key's removal alone", () => {
    expect(encode(table, { name: undefined })).toEqual([]);
    expect(one("meta.owner", null)).toEqual(["meta.owner", null]);
    expect(() => one("name", null)).toThrow(JailParameterError);
  });

  it.each([
    ["allow.mount", 1, /true or false/],
    ["persist", "yes", /true or false/],
    ["vnet", "own", /"new", "inherit" or "disable"/],
    ["securelevel", 1.5, /integer/],
    ["securelevel", 2 ** 31, /integer from -2147483648 to 2147483647/],
    ["children.max", "3", /integer/],
    ["host.hostid", -1n, /64 bits/],
    ["host.hostid", 2 ** 60, /safe integer/],
    ["name", "a\0b", /NUL/],
    ["name", "x".repeat(256), /at most 255/],
    ["host.hostuuid", "x".repeat(64), /at most 63/],
    ["ip4.addr", "192.0.2.1/24", /without interface, mask or zone/],
    ["ip4.addr", ["192.0.2.1", "em0|192.0.2.2"], /without interface/],
    ["ip6.addr", "fe80::1%em0", /zone/],
    ["ip6.addr", "192.0.2.1", /address/],
    ["meta", { "a=b": "c" }, /key/],
    ["meta", { a: "two\nlines" }, /one line/],
    ["dying", true, /only be read/],
    ["", 1, /^"" cannot be 1: it is not a parameter's name/],
    ["desc", 3, /not a parameter's name/],
    ["errmsg", "x", /not a parameter's name/],
    ["enforce_statfs", 3, /integer from 0 to 2/],
    ["devfs_ruleset", 65536, /integer from 0 to 65535/],
    ["meta.", "x", /key must not be empty/],
    ["meta.a=b", "c", /nor have =/],
    ["env.k", "two\nlines", /one line/],
    ["no.such", "x".repeat(70_000), /70\d\d\d bytes together, and the kernel takes at most 6\d\d\d\d/],
  ])("refuses %s %s and says why", (name, value, rule) => {
    expect(() => one(name, value)).toThrow(rule);
    expect(() => one(name, value)).toThrow(expect.objectContaining({ code: "ERR_JAIL_PARAMETER" }));
  });

  it("adds up the keys of a family", () => {
    const half = "x".repeat(2040);
    expect(encode(table, { "meta.a": half, "meta.b": half, "env.a": half })).toHaveLength(3);
    expect(() => encode(table, { "meta.a": half, "meta.b": half, "meta.c": half })).toThrow(
      /more than 4096 bytes together/,
    );
  });

  it("refuses what is no record of parameters", () => {
    for (const wrong of [null, 5, "web", [], undefined]) {
      expect(() => host.createSync(wrong as never)).toThrow(/they must be an object/);
    }
  });

  it("gives what it does not know to the kernel, whose refusal names it", () => {
    expect(() => host.createSync({ path: "/", "no.such.thing": 1 } as never)).toThrow(
      expect.objectContaining({ code: "EINVAL", parameter: "no.such.thing", syscall: "jail_set" }),
    );
  });
});

describe("addresses", () => {
  it("reads what it writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(ipv6Bytes(ipv6Text(bytes))).toEqual(bytes);
        expect(ipv4Bytes(ipv4Text(bytes.subarray(0, 4)))).toEqual(bytes.slice(0, 4));
      }),
    );
  });

  it.each([
    ["::", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::", "2001:db8::"],
    ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ])("writes %s as %s", (given, written) => {
    expect(ipv6Text(ipv6Bytes(given) as Uint8Array)).toBe(written);
  });
});

describe("values through the kernel", () => {
  it("come back as they were given", () => {
    const text = fc.string({ maxLength: 40 }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(
        fc.record({
          "host.hostname": text,
          "host.domainname": text,
          "host.hostid": fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
          "allow.raw_sockets": fc.boolean(),
          "allow.set_hostname": fc.boolean(),
          "children.max": fc.nat(999),
          securelevel: fc.integer({ min: -1, max: 3 }),
          devfs_ruleset: fc.nat(65535),
          enforce_statfs: fc.constantFrom(0, 1, 2),
        }),
        (parameters) => {
          const jail = JailHost.simulated().createSync({ path: "/", ...parameters });
          expect(jail.getSync(Object.keys(parameters))).toEqual(parameters);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("keep the first address first and sort the rest", () => {
    const jail = host.createSync({ path: "/", "ip4.addr": ["192.0.2.9", "192.0.2.7", "192.0.2.3"] });
    expect(jail.getSync(["ip4.addr"])["ip4.addr"]).toEqual(["192.0.2.9", "192.0.2.3", "192.0.2.7"]);
  });

  it("set, replace, read and remove keys of meta", () => {
    const jail = host.createSync({ path: "/", meta: { owner: "ops", tier: "1" } });
    jail.updateSync({ "meta.owner": "dev", "meta.note": "n" });
    expect(jail.getSync(["meta.owner", "meta.note", "meta.none"])).toEqual({
      "meta.owner": "dev",
      "meta.note": "n",
      "meta.none": undefined,
    });
    jail.updateSync({ "meta.owner": null });
    expect(jail.getSync({ owner: "meta.owner" }).owner).toBeUndefined();
  });
});

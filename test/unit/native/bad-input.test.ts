import fc from "fast-check";
import { expect, it } from "vitest";
import { JAIL_CREATE, type LocalKernel, type RawField, type RawIovec } from "../../../lib/binding.js";
import { openSimulated } from "../../../lib/native.js";
import { create, list, machine, ok } from "./lists.js";

const bytes = (length: number) => new Uint8Array(length);
const wrong: readonly [name: string, iov: unknown][] = [
  ["nothing", undefined],
  ["null", null],
  ["a number", 7],
  ["no lengths", { data: bytes(0) }],
  ["no data", { lengths: new Int32Array() }],
  ["data of another type", { data: new Uint16Array(2), lengths: new Int32Array([4]) }],
  ["data as an array", { data: [1, 2], lengths: new Int32Array([2]) }],
  ["lengths of another type", { data: bytes(4), lengths: new Uint32Array([4]) }],
  ["lengths as an array", { data: bytes(4), lengths: [4] }],
];

it.each(wrong)("an iovec list that is %s is a TypeError", async (_, iov) => {
  const { kernel } = machine();
  expect(() => kernel.jailSetSync(iov as RawIovec, 0)).toThrow(TypeError);
  expect(() => kernel.jailGetSync(iov as RawIovec, 0)).toThrow(/iov/);
  await expect(kernel.jailSet(iov as RawIovec, 0)).rejects.toThrow(TypeError);
  await expect(kernel.jailGet(iov as RawIovec, 0)).rejects.toThrow(/iov/);
});

it("lengths that do not add up are refused", async () => {
  const { kernel } = machine();
  for (const lengths of [[], [3], [5], [2 ** 31 - 1, 2 ** 31 - 1], [4, 1]]) {
    const iov = { data: bytes(4), lengths: Int32Array.from(lengths) };
    expect(() => kernel.jailGetSync(iov, 0)).toThrow(RangeError);
    await expect(kernel.jailGet(iov, 0)).rejects.toThrow(/lengths must add up/);
  }
});

it.each([undefined, null, "1", 1.5, Number.NaN, Infinity, 2 ** 31, -(2 ** 31) - 1, {}, 1n])(
  "%s is no flags, jid or descriptor",
  async (number) => {
    const { kernel } = machine();
    const bad = number as number;
    expect(() => kernel.jailGetSync(list(), bad)).toThrow(/flags must be a 32-bit integer/);
    expect(() => kernel.jailRemoveSync(bad)).toThrow(/jid must be a 32-bit integer/);
    expect(() => kernel.closeSync(bad)).toThrow(/fd must be/);
    await expect(kernel.jailRemove(bad)).rejects.toThrow(TypeError);
    await expect(kernel.jailRemoveJd(bad)).rejects.toThrow(TypeError);
    await expect(kernel.close(bad)).rejects.toThrow(TypeError);
    expect(() => kernel.jailReadSync({ jid: bad }, [], 0)).toThrow(/jid must be/);
    expect(() => kernel.jailListSync([], bad)).toThrow(/flags must be/);
  },
);

it("keys, fields and sysctl names of wrong types are TypeErrors", async () => {
  const { kernel } = machine();
  const field = (over: object) => [{ name: "name", size: 4, grows: false, ...over }] as RawField[];
  expect(() => kernel.jailReadSync({} as { jid: number }, [], 0)).toThrow(/key must be/);
  expect(() => kernel.jailReadSync(null as never, [], 0)).toThrow(/key must be/);
  expect(() => kernel.jailReadSync({ name: 5 } as never, [], 0)).toThrow(/name must be a string/);
  expect(() => kernel.jailListSync("name" as never, 0)).toThrow(/fields must be an array/);
  expect(() => kernel.jailListSync(field({ name: 5 }), 0)).toThrow(/fields\[0\].name/);
  expect(() => kernel.jailListSync(field({ name: "a\0b" }), 0)).toThrow(/without NUL/);
  for (const size of [-1, 1.5, 2 ** 21, Number.NaN, "4"]) {
    expect(() => kernel.jailListSync(field({ size }), 0)).toThrow(/fields\[0\].size/);
  }
  expect(() => kernel.sysctlSync(5 as never)).toThrow(/name must be a string/);
  expect(() => kernel.sysctlSync("a", "b" as never)).toThrow(/value must be a Uint8Array/);
  await expect(kernel.sysctlWalk({} as never)).rejects.toThrow(/prefix must be a string/);
});

it("lists of 0, odd and 2,000 entries get the kernel's answer", () => {
  const { kernel } = machine();
  const empty = { data: bytes(0), lengths: new Int32Array(0) };
  expect(kernel.jailSetSync(empty, JAIL_CREATE).error?.code).toBe("EINVAL");
  const odd = { data: Buffer.from("name\0"), lengths: Int32Array.of(5) };
  expect(kernel.jailGetSync(odd, 0).error?.code).toBe("EINVAL");
  const many = { data: bytes(4000).fill(97), lengths: new Int32Array(2000).fill(2) };
  expect(kernel.jailGetSync(many, 0).error?.code).toBe("EINVAL");
  expect(kernel.jailListSync([], 0).rows).toBe(0);
});

it("buffers of every size get the kernel's answer", () => {
  const { kernel } = machine();
  ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  for (const size of [...Array(70).keys(), 255, 256, 257, 1023, 1024, 1025, 4096, 65535, 65536, 1 << 20]) {
    for (const name of ["name", "jid", "ip4.addr", "errmsg", "meta", "host.hostid", "lastjid"]) {
      const { value, error } = kernel.jailGetSync(list(["jid", "int", 1], [name, "out", size]), 0);
      expect(value === 1 || error !== undefined).toBe(true);
    }
  }
  expect(kernel.jailListSync([{ name: "name", size: 256, grows: false }], 0).rows).toBe(1);
});

it("names without end and jids of 2^31 change nothing", () => {
  const { kernel } = machine();
  const { error } = kernel.jailSetSync(create("x".repeat(60_000)), JAIL_CREATE);
  expect(error?.code).toBe("ENAMETOOLONG");
  expect(kernel.jailSetSync(create("x".repeat(5_000_000)), JAIL_CREATE).error).toBeDefined();
  for (const jid of [2 ** 31 - 1, -(2 ** 31), -1]) {
    expect(kernel.jailRemoveSync(jid).error?.code).toBe("EINVAL");
    expect(kernel.jailReadSync({ jid }, [], 0).error).toBeDefined();
  }
  expect(kernel.jailListSync([], 0).rows).toBe(0);
});

it("no list of random bytes is more than refused, and one that is refused changes nothing", () => {
  const { kernel } = machine();
  const name = fc.constantFrom(
    "name\0",
    "jid\0",
    "persist\0",
    "ip4.addr\0",
    "meta\0",
    "errmsg\0",
    "desc\0",
    "path\0",
    "lastjid\0",
    "x",
  );
  const entry = fc.oneof(
    name.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: -2000, max: -1 }),
  );
  const call = (run: LocalKernel["jailSetSync"], entries: (Uint8Array | number)[], flags: number) => {
    const data = Buffer.concat(entries.filter((one) => typeof one !== "number"));
    const lengths = Int32Array.from(entries, (one) => (typeof one === "number" ? one : one.length));
    return run({ data, lengths }, flags);
  };
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), fc.integer({ min: 0, max: 0x1ff }), (entries, flags) => {
      const before = kernel.jailListSync([], 0).rows;
      const set = call(kernel.jailSetSync, entries, flags & ~4);
      if (set.error !== undefined) expect(kernel.jailListSync([], 0).rows).toBe(before);
      const get = call(kernel.jailGetSync, entries, flags);
      expect(get.data.length).toBe(
        entries.reduce((sum: number, one) => sum + (typeof one === "number" ? 0 : one.length), 0),
      );
    }),
    { numRuns: 2000 },
  );
});

it("a machine's options are checked by name", () => {
  const refuse = (options: object, words: RegExp) => expect(() => openSimulated(options as never)).toThrow(words);
  refuse({ release: 15 }, /options.release must be a string/);
  refuse({ hostid: 5 }, /options.hostid must be a bigint/);
  refuse({ hostid: -1n }, /options.hostid must be a bigint/);
  refuse({ lastJid: 1.5 }, /options.lastJid must be an integer/);
  refuse({ paths: "linux" }, /options.paths must be an object/);
  refuse({ paths: { directories: [5] } }, /options.paths.directories must be an array of strings/);
  refuse({ faults: [{ code: "ENOSUCHERRNO" }] }, /fault.code must be the name of a FreeBSD errno/);
  const { error } = openSimulated({ release: "9.0" });
  expect(error?.code).toBe("ERR_JAIL_SIMULATED");
  expect(error?.message).toContain("9.0");
});

it("the addon's classes cannot be made or borrowed", () => {
  const addon = require("node-gyp-build")(`${__dirname}/../../..`) as {
    openSimulated(options: object): { process(uid: number): { kernel(): object; constructor: new () => object } };
  };
  const handle = addon.openSimulated({});
  const view = handle.process(0);
  const kernel = view.kernel() as { constructor: new () => { jailRemoveSync(jid: number): number } };
  expect(() => new kernel.constructor().jailRemoveSync(1)).toThrow(/was not opened/);
  expect(() => (kernel as { jailRemoveSync?: (jid: number) => number }).jailRemoveSync?.call(view, 1)).toThrow();
  expect(() => (kernel as { jailRemoveSync?: (jid: number) => number }).jailRemoveSync?.call({}, 1)).toThrow();
  expect(() => (new view.constructor() as { fork(): object }).fork()).toThrow(/was not made/);
});

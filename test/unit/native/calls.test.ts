import { expect, it } from "vitest";
import { JAIL_CREATE, JAIL_UPDATE, type RawField, type RawRows } from "../../../lib/binding.js";
import { create, int, list, machine, ok, value } from "./lists.js";

const NAME: RawField = { name: "name", size: 256, grows: false, text: true };
const JID: RawField = { name: "jid", size: 4, grows: false };
const IP4: RawField = { name: "ip4.addr", size: 4, grows: true };

/** Each row's cells as bytes. */
function cells({ rows, lengths, data }: RawRows): Buffer[][] {
  const columns = rows === 0 ? 0 : lengths.length / rows;
  let at = 0;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const from = at;
      at += lengths[row * columns + column] ?? 0;
      return Buffer.from(data.subarray(from, at));
    }),
  );
}

it("sets and gets through the same list, sync and async", async () => {
  const { kernel } = machine();
  const jid = ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  expect(jid).toBe(1);
  const asked = list(["name", "string", "web"], ["jid", "out", 4], ["path", "out", 1024]);
  for (const got of [kernel.jailGetSync(asked, 0), await kernel.jailGet(asked, 0)]) {
    expect(got.value).toBe(jid);
    expect(int(value(asked, got, 1))).toBe(jid);
    expect(
      Buffer.from(value(asked, got, 2))
        .toString("latin1")
        .replace(/\0+$/, ""),
    ).toBe("/");
  }
});

it("never writes into the caller's list", async () => {
  const { kernel } = machine();
  ok(await kernel.jailSet(create("web"), JAIL_CREATE));
  const asked = list(["name", "string", "web"], ["jid", "out", 4]);
  const [data, lengths] = [Buffer.from(asked.data), Int32Array.from(asked.lengths)];
  const pending = kernel.jailGet(asked, 0);
  asked.data.fill(0xff);
  expect((await pending).value).toBe(1);
  asked.data.set(data);
  kernel.jailGetSync(asked, 0);
  expect(asked.data).toEqual(data);
  expect(asked.lengths).toEqual(lengths);
});

it("tells a refusal by errno's name, number, call and message", async () => {
  const { kernel } = machine();
  const asked = list(["jid", "int", 31337]);
  const error = { code: "ENOENT", errno: 2, syscall: "jail_get", message: "jail 31337 not found" };
  expect(kernel.jailGetSync(asked, 0)).toMatchObject({ value: -1, error });
  expect(await kernel.jailGet(asked, 0)).toMatchObject({ value: -1, error });
  expect(kernel.jailRemoveSync(31337)).toEqual({
    value: -1,
    error: { code: "EINVAL", errno: 22, syscall: "jail_remove", message: "" },
  });
});

it("gives the lengths that the kernel asks for where a base is NULL", () => {
  const { kernel } = machine();
  ok(kernel.jailSetSync(create("length"), JAIL_CREATE));
  const asked = list(["jid", "int", 1], ["name", "nullout", 0]);
  expect(kernel.jailGetSync(asked, 0).lengths[3]).toBe("length".length + 1);
});

it("reads fields of one jail by jid and by name", async () => {
  const { kernel } = machine();
  ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  const byJid = kernel.jailReadSync({ jid: 1 }, [NAME, JID], 0);
  expect(cells(byJid)[0]?.map(String)).toEqual(["web", "\x01\0\0\0"]);
  expect(await kernel.jailRead({ name: "web" }, [NAME, JID], 0)).toEqual(byJid);
  const { error, rows } = kernel.jailReadSync({ name: "db" }, [NAME], 0);
  expect([error?.code, error?.message, rows]).toEqual(["ENOENT", 'jail "db" not found', 0]);
});

it("reads values that have outgrown the room they were given", () => {
  const { kernel } = machine();
  const addresses = Buffer.from(Array.from({ length: 60 }, (_, i) => [10, 0, 0, i + 1]).flat());
  ok(
    kernel.jailSetSync(
      list(["name", "string", "many"], ["persist", "null"], ["ip4.addr", "hex", addresses.toString("hex")]),
      JAIL_CREATE,
    ),
  );
  expect(cells(kernel.jailReadSync({ jid: 1 }, [IP4, NAME], 0))[0]).toEqual([addresses, Buffer.from("many")]);
  expect(cells(kernel.jailListSync([IP4, NAME], 0))).toEqual([[addresses, Buffer.from("many")]]);
});

it("lists every jail in one call, sync and async", async () => {
  const { kernel } = machine();
  const empty = kernel.jailListSync([NAME], 0);
  expect([empty.value, empty.rows, empty.error]).toEqual([0, 0, undefined]);
  for (let i = 0; i < 300; i++) ok(kernel.jailSetSync(create(`j${i}`), JAIL_CREATE));
  const rows = kernel.jailListSync([JID, NAME], 0);
  expect(rows.value).toBe(300);
  expect(cells(rows).map(([jid, name]) => [jid?.readInt32LE(), String(name)])).toEqual(
    Array.from({ length: 300 }, (_, i) => [i + 1, `j${i}`]),
  );
  expect(await kernel.jailList([JID, NAME], 0)).toEqual(rows);
});

it("a list tells why it was refused", () => {
  const { kernel } = machine();
  ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  const { error } = kernel.jailListSync([{ name: "no.such", size: 4, grows: false }], 0);
  expect(error).toMatchObject({ code: "EINVAL", message: "unknown parameter: no.such" });
});

it("removes by jid and by descriptor, and closes descriptors", async () => {
  const { kernel } = machine();
  const fdOf = (name: string) => {
    const asked = list(["name", "string", name], ["persist", "null"], ["desc", "out", 4]);
    const made = kernel.jailSetSync(asked, JAIL_CREATE | 0x40);
    ok(made);
    return int(value(asked, made, 2));
  };
  const [first, second] = [fdOf("a"), fdOf("b")];
  expect(ok(await kernel.jailRemoveJd(first))).toBe(0);
  expect(ok(kernel.closeSync(first))).toBe(0);
  expect((await kernel.close(first)).error).toMatchObject({ code: "EBADF", syscall: "close" });
  expect(ok(kernel.closeSync(second))).toBe(0);
  expect(kernel.jailListSync([NAME], 0).rows).toBe(1);
  expect(ok(await kernel.jailRemove(2))).toBe(0);
  expect(kernel.jailListSync([NAME], 0).rows).toBe(0);
});

it("reads and walks sysctls", async () => {
  const { kernel } = machine();
  const jailed = kernel.sysctlSync("security.jail.jailed");
  expect([...jailed.data]).toEqual([0, 0, 0, 0]);
  expect(await kernel.sysctl("security.jail.jailed")).toEqual(jailed);
  expect(kernel.sysctlSync("no.such.node").error).toMatchObject({ code: "ENOENT", syscall: "sysctl" });
  const { nodes } = kernel.sysctlWalkSync("security.jail.param");
  expect(nodes.find(({ name }) => name === "security.jail.param.ip4.addr")?.format).toBe("S,in_addr,a");
  expect(await kernel.sysctlWalk("security.jail.param")).toEqual({ value: 0, nodes });
  expect(kernel.sysctlWalkSync("no.such").error?.code).toBe("ENOENT");
});

it("gives the state file's trouble as the message of EIO", async () => {
  const { mkdtempSync, rmSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-state-"));
  try {
    const stateFile = join(folder, "state");
    const { kernel } = machine({ stateFile });
    ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
    writeFileSync(stateFile, "not a state file");
    const { error } = kernel.jailSetSync(list(["name", "string", "web"], ["securelevel", "int", 1]), JAIL_UPDATE);
    expect(error?.code).toBe("EIO");
    expect(error?.message).toContain(stateFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

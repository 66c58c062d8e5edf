import { chmodSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLedger } from "../../../lib/lifecycle/ledger/ledger.js";
import { formatRecord, type LedgerRecord } from "../../../lib/lifecycle/ledger/record.js";
import { EVERYTHING } from "./everything.js";
import { freshWorld } from "./world.js";

const PERSISTENT = { ...EVERYTHING, parameters: { ...EVERYTHING.parameters, persist: true } };

/** A world with a jail that is up, and where its ledger lies. */
async function upWorld() {
  const world = freshWorld();
  world.jails.command = (_jail, { background }) => ({ hang: background });
  expect((await world.lifecycle.up([PERSISTENT]).result).ok).toBe(true);
  const path = join(world.root, world.directory, "web.ledger");
  return { ...world, path, text: readFileSync(path, "utf8") };
}

describe("a ledger", () => {
  it("names each thing before it is made", async () => {
    const world = freshWorld();
    const path = join(world.root, world.directory, "web.ledger");
    let checked = 0;
    const lifecycle = world.faulty((operation, done) => {
      const thing =
        operation.name === "mount"
          ? operation.subject
          : operation.name === "start" && / alias$| vnet \d+$|zfs jail/.test(operation.subject)
            ? (operation.subject.split(/[ /]/).find((word) => /^[0-9a-f.:]+$|^epair|^web$/.test(word) && word !== "") ??
              "?")
            : undefined;
      if (thing === undefined || done) return undefined;
      const { entries } = readLedger(readFileSync(path, "utf8"));
      expect(JSON.stringify(entries.at(-1)), operation.subject).toContain(thing);
      expect(entries.at(-1)?.made).toBe(false);
      checked++;
      return undefined;
    });
    await lifecycle.up([PERSISTENT]).result;
    expect(checked).toBe(12);
  });

  it("cut at any byte is read as what is whole in it", async () => {
    const { text } = await upWorld();
    const whole = readLedger(text);
    expect(whole).toMatchObject({ damaged: 0, outcome: "done" });
    const bytes = Buffer.from(text);
    let most = 0;
    for (let length = 0; length <= bytes.length; length++) {
      const state = readLedger(bytes.subarray(0, length).toString("utf8"));
      expect(state.damaged).toBeLessThanOrEqual(1);
      expect(state.entries.length).toBeGreaterThanOrEqual(most);
      most = Math.max(most, state.entries.length);
    }
    expect(most).toBe(whole.entries.length);
  });

  it("with a changed byte anywhere loses that line and no other", async () => {
    const { text } = await upWorld();
    const lines = text.trimEnd().split("\n");
    for (const [index, line] of lines.entries()) {
      const changed = [...lines];
      changed[index] = line.replace(/.$/, (last) => (last === "}" ? "]" : "}"));
      expect(readLedger(`${changed.join("\n")}\n`).damaged).toBe(1);
    }
  });

  it("that was cut in half still lets everything be taken down", async () => {
    for (const part of [0, 0.02, 0.3, 0.5, 0.9, 0.999]) {
      const world = await upWorld();
      truncateSync(world.path, Math.floor(world.text.length * part));
      const down = await world.lifecycle.down([PERSISTENT]).result;
      expect(down.jails, String(part)).toMatchObject([{ state: "down", left: [] }]);
      expect(await world.leftovers(), String(part)).toEqual([]);
    }
  });

  it("that was cut in half is written anew by recover, and the jail stays up", async () => {
    const world = await upWorld();
    truncateSync(world.path, Math.floor(world.text.length * 0.6));
    expect((await world.lifecycle.recover().result).jails).toMatchObject([
      { state: "up", reason: expect.stringContaining("written anew") },
    ]);
    expect(world.jails.jails).toHaveLength(1);
    const again = readLedger(readFileSync(world.path, "utf8"));
    expect(again.entries.map(({ thing }) => thing)).toHaveLength(readLedger(world.text).entries.length);
    // Nothing to put back: the machine has everything.
    expect((await world.lifecycle.plan([PERSISTENT])).jails).toMatchObject([{ change: "none" }]);
    await world.lifecycle.down([], { only: ["web"] }).result;
    expect(await world.leftovers()).toEqual([]);
  });

  it("of another version is refused with the way out, and the jail is not touched", async () => {
    const world = await upWorld();
    const record: LedgerRecord = { ...readLedger(world.text).run, version: 2 } as never;
    writeFileSync(world.path, formatRecord(record));
    for (const begin of [
      () => world.lifecycle.up([PERSISTENT]),
      () => world.lifecycle.down([PERSISTENT]),
      () => world.lifecycle.recover(),
    ]) {
      const outcome = await begin().result.catch((error: unknown) => ({
        jails: [{ error: error as { code: string; message: string } }],
      }));
      expect(outcome.jails[0]?.error).toMatchObject({ code: "EFTYPE" });
      expect(outcome.jails[0]?.error?.message).toContain("version 2");
    }
    expect(world.jails.jails).toHaveLength(1);
  });

  it("that cannot be written keeps no jail from being stopped", async () => {
    for (const code of ["ENOSPC", "EROFS"]) {
      const world = await upWorld();
      const lifecycle = world.faulty((operation, done) =>
        (operation.name === "appendFile" || operation.name === "writeFile") && !done ? code : undefined,
      );
      const down = await lifecycle.down([PERSISTENT]).result;
      expect(down.jails, code).toMatchObject([{ state: "down", left: [] }]);
      expect(await world.leftovers(), code).toEqual([]);
    }
  });

  it("of many runs says the same in fewer lines", async () => {
    const world = await upWorld();
    const lines = () => readFileSync(world.path, "utf8").split("\n").length;
    for (let run = 0; run < 260; run++) await world.lifecycle.adopt();
    expect(lines()).toBeLessThan(520);
    const { entries, damaged } = readLedger(readFileSync(world.path, "utf8"));
    expect({ entries: entries.map(({ thing, made, id }) => ({ thing, made, id })), damaged }).toEqual({
      entries: readLedger(world.text).entries.map(({ thing, made, id }) => ({ thing, made, id })),
      damaged: 0,
    });
    await world.lifecycle.down([PERSISTENT]).result;
    expect(await world.leftovers()).toEqual([]);
  });

  it("leaves a memory of the last run, which recover forgets after a season", async () => {
    const world = await upWorld();
    await world.lifecycle.down([PERSISTENT]).result;
    const path = join(world.root, world.directory, "web.last");
    const summary = JSON.parse(readFileSync(path, "utf8"));
    const log = join(world.root, world.directory, "logs/web");
    mkdirSync(join(log, ".."), { recursive: true });
    writeFileSync(log, "");
    await world.lifecycle.recover().result;
    expect(existsSync(path)).toBe(true);
    writeFileSync(path, JSON.stringify({ ...summary, at: summary.at - 91 * 24 * 3600 * 1000 }));
    await world.lifecycle.recover().result;
    expect([existsSync(path), existsSync(log)]).toEqual([false, false]);
  });

  it("does not tell what an old file, or a foreign one, beside it is", async () => {
    const world = await upWorld();
    for (const name of ["%zz.ledger", "nobody%.ledger", "x.last", "web.last"]) {
      writeFileSync(join(world.root, world.directory, name), "null\n");
    }
    const rows = await world.lifecycle.status();
    expect(rows.map(({ name, situation }) => [name, situation])).toEqual([["web", "up"]]);
    expect((await world.lifecycle.recover().result).ok).toBe(true);
  });

  it("that cannot be written stops a start before anything is made", async () => {
    for (const code of ["ENOSPC", "EROFS", "EACCES"]) {
      const world = freshWorld();
      const lifecycle = world.faulty((operation, done) =>
        operation.name === "appendFile" && !done ? code : undefined,
      );
      const outcome = await lifecycle.up([PERSISTENT]).result;
      expect(outcome.jails).toMatchObject([{ state: "failed", error: { code } }]);
      expect(outcome.jails[0]?.error?.message).toContain("web.ledger");
      expect(await world.leftovers()).toEqual([]);
    }
  });

  it("on a disk that fills up half-way lets everything be taken back", async () => {
    for (let room = 3; room < 20; room += 4) {
      const world = freshWorld();
      let written = 0;
      const lifecycle = world.faulty((operation, done) => {
        if (operation.name !== "appendFile" || done) return undefined;
        return ++written > room ? "ENOSPC" : undefined;
      });
      const outcome = await lifecycle.up([PERSISTENT]).result;
      expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "ENOSPC" } }]);
      expect(await world.leftovers(), String(room)).toEqual([]);
    }
  });

  it("in a folder that may not be written is told as what it is", async () => {
    const world = freshWorld();
    if (process.getuid?.() === 0) return;
    world.makeDirectory("/var/db");
    chmodSync(join(world.root, "/var/db"), 0o500);
    const outcome = await world.lifecycle.up([PERSISTENT]).result;
    expect(outcome.jails).toMatchObject([{ state: "failed", error: { code: "EACCES" } }]);
  });
});

describe("recover tells apart", () => {
  const state = async (world: Awaited<ReturnType<typeof upWorld>>) => {
    const [status] = await world.lifecycle.status([PERSISTENT]);
    const { jails } = await world.lifecycle.recover().result;
    return { situation: status?.situation, state: jails[0]?.state };
  };

  it("a jail that is up and well", async () => {
    const world = await upWorld();
    expect(await state(world)).toEqual({ situation: "up", state: "unchanged" });
    expect(world.jails.jails).toHaveLength(1);
  });

  it("a machine that was started again", async () => {
    const world = await upWorld();
    world.jails.jails.length = 0;
    world.machine.reboot();
    expect(await state(world)).toEqual({ situation: "rebooted", state: "down" });
    expect(await world.leftovers()).toEqual([]);
  });

  it("a machine that was started again and has another jail with the same jid", async () => {
    const world = await upWorld();
    world.machine.reboot();
    expect(await state(world)).toEqual({ situation: "rebooted", state: "unchanged" });
    expect(world.jails.jails).toHaveLength(1);
  });

  it("a jail that was stopped without us", async () => {
    const world = await upWorld();
    await world.jails.remove(1);
    expect(await state(world)).toEqual({ situation: "stopped by others", state: "down" });
    expect(await world.leftovers()).toEqual([]);
  });

  it("a jail that was stopped and started again without us", async () => {
    const world = await upWorld();
    await world.jails.remove(1);
    await world.jails.foreign("web", { path: "/jails/web" });
    expect(await state(world)).toEqual({ situation: "replaced", state: "unchanged" });
    expect(world.jails.jails).toHaveLength(1);
  });

  it("what adopt takes over: jails of ours that are up, with what they were started with", async () => {
    const world = await upWorld();
    const adopted = await world.lifecycle.adopt();
    expect(adopted).toMatchObject([{ name: "web", jid: 1, definition: { parameters: { path: "/jails/web" } } }]);
    await world.lifecycle.down([], { only: ["web"] }).result;
    expect(await world.leftovers()).toEqual([]);
  });
});

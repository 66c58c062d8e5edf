import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { JailHost, type WatchEvent, type WatchOptions } from "../../../lib/index.js";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Reads as many events as are asked for; the watch is ended afterwards. */
function reader(watcher: AsyncIterableIterator<WatchEvent>) {
  return {
    async take(count: number): Promise<WatchEvent[]> {
      const events: WatchEvent[] = [];
      while (events.length < count) {
        const { value, done } = await watcher.next();
        if (done) break;
        events.push(value);
      }
      return events;
    },
    end: () => watcher.return?.(),
  };
}

const brief = (events: readonly WatchEvent[]) =>
  events.map((event) => (event.type === "resync" ? event.type : `${event.type} ${event.name}`));

// The kernel's own events, a kernel without them, and DragonFly's, whose jails are found by comparing lists.
describe.each<[string, WatchOptions]>([
  ["15.1", {}],
  ["14.2", { interval: 2 }],
])("jails of FreeBSD %s", (release, options) => {
  it("are told of as they come, change, are entered and go", async () => {
    const host = JailHost.simulated({ release });
    const old = await host.create({ name: "old", "children.max": 2 });
    const { take, end } = reader(host.watch(options));
    expect(await take(1)).toEqual([{ number: 1, type: "exists", jid: old.jid, name: "old", parent: 0, dying: false }]);
    const web = await host.create({ name: "web" });
    expect(await take(1)).toEqual([{ number: 2, type: "created", jid: web.jid, name: "web", parent: 0, dying: false }]);
    await web.update({ "host.hostname": "h" });
    expect(await take(1)).toMatchObject([{ number: 3, type: "updated", jid: web.jid, name: "web" }]);
    await web.update({ name: "www" });
    expect(await take(1)).toMatchObject([{ type: "updated", name: "www", previousName: "web" }]);
    const child = await host.create({ name: "old.kid" });
    expect(await take(1)).toMatchObject([{ type: "created", name: "old.kid", parent: old.jid }]);
    const process = web.spawn("nginx", [], { detached: true, stdio: "ignore" });
    expect(await take(1)).toMatchObject([{ type: "attached", name: "www", pid: process.pid }]);
    await child.update({ "host.hostname": "deep" });
    expect(await take(1)).toMatchObject([{ type: "updated", name: "old.kid" }]);
    await web.remove();
    expect(await take(2)).toMatchObject([
      { number: 8, type: "removed", jid: web.jid, name: "www", dying: true },
      { number: 9, type: "gone", jid: web.jid, name: "www" },
    ]);
    await old.remove();
    const last = await take(4);
    expect(brief(last).sort()).toEqual(["gone old", "gone old.kid", "removed old", "removed old.kid"]);
    await end();
  });

  it("stay removed until the kernel has let go of them", async () => {
    const host = JailHost.simulated({ release });
    const web = await host.create({ name: "web" });
    const { take, end } = reader(host.watch(options));
    await take(1);
    host.simulation?.holdDying(web.jid);
    web.removeSync();
    expect(await take(1)).toMatchObject([{ type: "removed", name: "web", dying: true }]);
    const gone = take(1);
    host.simulation?.finishDying(web.jid);
    expect(await gone).toMatchObject([{ type: "gone", name: "web" }]);
    await end();
  });

  it("one of them is watched with those inside it, until it is gone", async () => {
    const host = JailHost.simulated({ release });
    const web = await host.create({ name: "web", "children.max": 1 });
    const { take } = reader(web.watch(options));
    expect(brief(await take(1))).toEqual(["exists web"]);
    await host.create({ name: "other" });
    await host.create({ name: "web.kid" });
    expect(brief(await take(1))).toEqual(["created web.kid"]);
    await web.remove();
    const rest = await take(10);
    expect(brief(rest).sort()).toEqual(["gone web", "gone web.kid", "removed web", "removed web.kid"]);
    await expect(web.watch(options).next()).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("are not told of any more once the signal aborts, and without an error", async () => {
    const host = JailHost.simulated({ release });
    await host.create({ name: "web" });
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const event of host.watch({ ...options, signal: abort.signal })) {
      seen.push(event.type);
      setImmediate(() => abort.abort());
    }
    expect(seen).toEqual(["exists"]);
    for await (const event of host.watch({ ...options, signal: abort.signal })) seen.push(event.type);
    expect(seen).toEqual(["exists"]);
  });

  it("a reader that falls behind is told of the difference, and how many events it missed", async () => {
    const host = JailHost.simulated({ release });
    const [web, first] = [await host.create({ name: "web" }), await host.create({ name: "first" })];
    const watcher = host.watch({ ...options, buffer: 1 });
    const { take, end } = reader(watcher);
    await take(2);
    // Nobody reads meanwhile. A removal is two events: the second drops the first, and from then on each is dropped.
    const dropped = (count: number) => expect.poll(() => watcher.dropped, { timeout: 30_000 }).toBe(count);
    await first.remove();
    await dropped(2);
    for (const [at, name] of ["a", "b", "c"].entries()) {
      await host.create({ name });
      await dropped(3 + at);
    }
    await web.remove();
    await dropped(7);
    const [event] = await take(1);
    expect(event).toMatchObject({ type: "resync", reason: "behind", number: 9 });
    const { created, removed, gone } = event as Extract<WatchEvent, { type: "resync" }>;
    expect(created.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(removed.map(({ name }) => name)).toEqual(["web", "first"]);
    expect(gone.map(({ name }) => name)).toEqual(["web", "first"]);
    await host.create({ name: "after" });
    expect(await take(1)).toMatchObject([{ type: "created", name: "after", number: 10 }]);
    await end();
  });
});

describe("events that the kernel puts together", () => {
  it("are a resync with the difference, never silence", async () => {
    const host = JailHost.simulated();
    const { take, end } = reader(host.watch());
    const first = take(1);
    // One call after the other, without a turn of the event loop between.
    for (const name of ["a", "b", "c"]) host.createSync({ name });
    const names: string[] = [];
    for (const event of await first) collect(event, names);
    while (names.length < 3) for (const event of await take(1)) collect(event, names);
    expect(names).toEqual(["a", "b", "c"]);
    await end();
  });

  it("tell that several entered, where no number says which", async () => {
    const host = JailHost.simulated();
    const web = await host.create({ name: "web" });
    const { take, end } = reader(host.watch());
    await take(1);
    for (let n = 0; n < 5; n++) host.simulation?.process().attach(web.jid);
    const [event] = await take(1);
    expect(event).toMatchObject({ type: "attached", name: "web" });
    await end();
  });

  function collect(event: WatchEvent, names: string[]): void {
    if (event.type === "created" || event.type === "exists") names.push(event.name);
    if (event.type === "resync") names.push(...event.created.map(({ name }) => name));
  }
});

it("jails of another process on the same state file are told of too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bsdjail-watch-"));
  folders.push(folder);
  const stateFile = join(folder, "state");
  const [here, there] = [JailHost.simulated({ stateFile }), JailHost.simulated({ stateFile })];
  const { take, end } = reader(here.watch());
  const first = take(1);
  await there.create({ name: "theirs" });
  const [event] = await first;
  expect(["created", "exists"]).toContain(event?.type);
  await end();
});

it("DragonFly's jails are found by comparing", async () => {
  const host = JailHost.simulated({ release: "dragonfly-6.4" });
  const { take, end } = reader(host.watch({ interval: 2 }));
  const first = take(1);
  const jail = await host.create({ path: "/", "host.hostname": "h" });
  const [event] = await first;
  expect(event).toMatchObject({ jid: jail.jid });
  await end();
});

it("a kernel that fails ends the watch with its error, and options that cannot be are refused", async () => {
  const host = JailHost.simulated();
  host.simulation?.addFault({ call: "jail_get", code: "ENOMEM" });
  await expect(host.watch().next()).rejects.toMatchObject({ code: "ENOMEM", syscall: "jail_get" });
  expect(() => host.watch({ buffer: 0 })).toThrow(/^buffer cannot be 0/);
  expect(() => host.watch({ interval: 0.5 })).toThrow(/^interval cannot be 0.5/);
});

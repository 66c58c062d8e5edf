import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { JAIL_CREATE, JAIL_UPDATE } from "../../../lib/binding.js";
import { create, list, machine, ok } from "./lists.js";

const [CHILD, SET, REMOVE, ALL] = [0x80000000, 0x40000000, 0x10000000, 0xf8000000];

it("a queue tells what happens to the host's and to a jail", async () => {
  const { kernel } = machine();
  const queue = ok(await kernel.eventsOpen());
  ok(await kernel.eventsAddJail(queue, 0, ALL));
  const pending = kernel.eventsNext(queue);
  ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  expect((await pending).events).toMatchObject([{ filter: "jail", ident: 0, fflags: CHILD, eof: false }]);
  ok(await kernel.eventsAddJail(queue, 1, ALL));
  ok(kernel.jailSetSync(list(["jid", "int", 1], ["securelevel", "int", 1]), JAIL_UPDATE));
  expect((await kernel.eventsNext(queue)).events).toMatchObject([{ ident: 1, fflags: SET }]);
  ok(kernel.jailRemoveSync(1));
  expect((await kernel.eventsNext(queue)).events).toMatchObject([{ ident: 1, fflags: REMOVE, eof: true }]);
  ok(await kernel.eventsClose(queue));
});

it("closing answers a waiting caller with no events, and the queue is gone", async () => {
  const { kernel } = machine();
  const queue = ok(await kernel.eventsOpen());
  const pending = kernel.eventsNext(queue);
  ok(await kernel.eventsClose(queue));
  expect(await pending).toEqual({ value: 0, events: [] });
  expect((await kernel.eventsNext(queue)).error?.code).toBe("EBADF");
  expect((await kernel.eventsAddJail(queue, 0, ALL)).error?.code).toBe("EBADF");
  expect((await kernel.eventsClose(queue)).error?.code).toBe("EBADF");
});

it("an aborted wait loses no event", async () => {
  const { kernel } = machine();
  const queue = ok(await kernel.eventsOpen());
  ok(await kernel.eventsAddJail(queue, 0, ALL));
  const controller = new AbortController();
  const given = kernel.eventsNext(queue, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  expect((await kernel.eventsNext(queue)).events).toMatchObject([{ ident: 0, fflags: CHILD }]);
  ok(await kernel.eventsClose(queue));
});

it("one caller waits on a queue at a time", async () => {
  const { kernel } = machine();
  const queue = ok(await kernel.eventsOpen());
  const first = kernel.eventsNext(queue);
  await expect(kernel.eventsNext(queue)).rejects.toThrow(/already waiting/);
  ok(await kernel.eventsClose(queue));
  await first;
});

it("a jail that is not there cannot be watched, and wrong arguments are TypeErrors", async () => {
  const { kernel } = machine();
  const queue = ok(await kernel.eventsOpen());
  expect((await kernel.eventsAddJail(queue, 99, ALL)).error).toMatchObject({ code: "ENOENT", syscall: "kevent" });
  await expect(kernel.eventsAddJail(queue, 1.5, ALL)).rejects.toThrow(/jid must be/);
  await expect(kernel.eventsAddJail(queue, 1, -1)).rejects.toThrow(/fflags must be/);
  ok(await kernel.eventsClose(queue));
});

it("releases before 15 have no jail events", async () => {
  expect((await machine({ release: "14.0" }).kernel.eventsOpen()).error?.code).toBe("ENOSYS");
});

it("open queues and abandoned waits do not keep a process up, nor a worker that is terminated", () => {
  const program = join(__dirname, "events-at-exit.cjs");
  const run = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 60_000 });
  expect([run.status, run.signal, run.stdout, run.stderr]).toEqual([0, null, "done\n", ""]);
});

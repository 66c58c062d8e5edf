import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { JAIL_CREATE, JAIL_OWN_DESC } from "../../../lib/binding.js";
import { create, list, machine, ok } from "./lists.js";

const reason = new Error("no longer wanted");

it("an aborted signal rejects with its reason and makes no call", async () => {
  const { kernel } = machine();
  const signal = AbortSignal.abort(reason);
  const calls = [
    kernel.jailSet(create("web"), JAIL_CREATE, { signal }),
    kernel.jailGet(list(), 0, { signal }),
    kernel.jailRead({ jid: 1 }, [], 0, { signal }),
    kernel.jailList([], 0, { signal }),
    kernel.jailRemove(1, { signal }),
    kernel.jailRemoveJd(1, { signal }),
    kernel.close(1, { signal }),
    kernel.sysctl("security.jail.jailed", undefined, { signal }),
    kernel.sysctlWalk("security.jail", { signal }),
    kernel.eventsOpen({ signal }),
    kernel.eventsAddJail(1, 0, 0, { signal }),
    kernel.eventsAddDescriptor(1, 0, 0, { signal }),
    kernel.eventsNext(1, { signal }),
    kernel.eventsClose(1, { signal }),
  ];
  for (const outcome of await Promise.allSettled(calls)) expect(outcome).toEqual({ status: "rejected", reason });
  expect(kernel.jailListSync([], 0).rows).toBe(0);
});

it("aborting while the call is under way rejects at once, and the call ends by itself", async () => {
  const { kernel } = machine();
  const controller = new AbortController();
  const pending = kernel.jailSet(create("web"), JAIL_CREATE, { signal: controller.signal });
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
  await expect.poll(() => kernel.jailListSync([], 0).rows).toBe(1);
});

it("a descriptor that nobody waits for any more is closed", async () => {
  const { kernel } = machine();
  const queue = ok(await kernel.eventsOpen());
  ok(await kernel.eventsAddJail(queue, 0, 0xf8000000));
  const controller = new AbortController();
  const owned = list(["name", "string", "own"], ["persist", "null"], ["desc", "out", 4]);
  const pending = kernel.jailSet(owned, JAIL_CREATE | JAIL_OWN_DESC, { signal: controller.signal });
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
  // The jail is made all the same; closing the descriptor that owns it removes it.
  expect((await kernel.eventsNext(queue)).events).toHaveLength(1);
  await expect.poll(() => kernel.jailListSync([], 0).rows).toBe(0);
  ok(await kernel.eventsClose(queue));
});

it("a signal leaves no listener behind", async () => {
  const { kernel } = machine();
  const { signal } = new AbortController();
  await kernel.jailList([], 0, { signal });
  await kernel.jailGet(list(["jid", "int", 9]), 0, { signal });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("a thing that is no signal is refused", async () => {
  const { kernel } = machine();
  await expect(kernel.jailRemove(1, { signal: {} as AbortSignal })).rejects.toThrow(/signal must be an AbortSignal/);
});

it("many calls at once answer each its own", async () => {
  const { kernel } = machine();
  const jids = await Promise.all(Array.from({ length: 200 }, (_, i) => kernel.jailSet(create(`j${i}`), JAIL_CREATE)));
  expect(new Set(jids.map(ok)).size).toBe(200);
  const names = await Promise.all(
    jids.map(({ value: jid }) => kernel.jailRead({ jid }, [{ name: "name", size: 256, grows: false, text: true }], 0)),
  );
  expect(names.map(({ data }) => Buffer.from(data).toString())).toEqual(jids.map((_, i) => `j${i}`));
});

it("calls under way keep their kernel, whoever lets go of it", async () => {
  const pending = Array.from({ length: 50 }, (_, i) => machine().kernel.jailSet(create(`j${i}`), JAIL_CREATE));
  (globalThis as { gc?: () => void }).gc?.();
  for (const outcome of await Promise.all(pending)) expect(ok(outcome)).toBe(1);
});

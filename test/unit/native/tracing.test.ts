import { tracingChannel } from "node:diagnostics_channel";
import { afterEach, expect, it } from "vitest";
import { JAIL_CREATE } from "../../../lib/binding.js";
import { CALL_CHANNEL, type CallTrace } from "../../../lib/tracing.js";
import { create, list, machine, ok } from "./lists.js";

const channel = tracingChannel<string, CallTrace>(CALL_CHANNEL);
const seen: [event: string, trace: CallTrace][] = [];
const note = (event: string) => (trace: unknown) => void seen.push([event, { ...(trace as CallTrace) }]);
const subscribers = {
  start: note("start"),
  end: note("end"),
  asyncStart: note("asyncStart"),
  asyncEnd: note("asyncEnd"),
  error: note("error"),
};

afterEach(() => {
  channel.unsubscribe(subscribers);
  seen.length = 0;
});

it("is called bsdjail:call", () => {
  expect(CALL_CHANNEL).toBe("bsdjail:call");
});

it("tells a call's name, jail, parameters, errno and duration", () => {
  const { kernel } = machine();
  channel.subscribe(subscribers);
  ok(kernel.jailSetSync(create("web"), JAIL_CREATE));
  kernel.jailGetSync(list(["jid", "int", 7], ["securelevel", "out", 4]), 0);
  kernel.jailRemoveSync(9);
  expect(seen.map(([event]) => event)).toEqual(["start", "end", "start", "end", "start", "end"]);
  expect(seen[0]?.[1]).toEqual({ name: "jail_set", jail: "web", parameters: ["name", "persist"] });
  expect(seen[1]?.[1]).toMatchObject({ name: "jail_set", jail: "web", duration: expect.any(Number) });
  expect(seen[1]?.[1].errno).toBeUndefined();
  expect(seen[3]?.[1]).toMatchObject({
    name: "jail_get",
    jail: 7,
    parameters: ["jid", "securelevel"],
    errno: "ENOENT",
  });
  expect(seen[5]?.[1]).toMatchObject({ name: "jail_remove", jail: 9, errno: "EINVAL" });
});

it("tells an asynchronous call's end when it has ended", async () => {
  const { kernel } = machine();
  channel.subscribe(subscribers);
  await kernel.jailRead({ name: "db" }, [{ name: "path", size: 1024, grows: false }], 0);
  expect(seen.map(([event]) => event)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
  expect(seen[3]?.[1]).toMatchObject({ name: "jail_get", jail: "db", parameters: ["path"], errno: "ENOENT" });
});

it("tells a refused argument as an error", async () => {
  const { kernel } = machine();
  channel.subscribe(subscribers);
  expect(() => kernel.jailSetSync(undefined as never, 0)).toThrow(TypeError);
  await expect(kernel.jailRead(null as never, null as never, 0)).rejects.toThrow(TypeError);
  expect(seen.filter(([event]) => event === "error")).toHaveLength(2);
});

it("every call has a place on the channel", async () => {
  const { kernel } = machine();
  channel.subscribe(subscribers);
  kernel.jailListSync([], 0);
  kernel.sysctlSync("security.jail.jailed");
  kernel.sysctlWalkSync("security.jail");
  kernel.jailRemoveJdSync(5);
  kernel.closeSync(5);
  const queue = ok(await kernel.eventsOpen());
  await kernel.eventsAddJail(queue, 0, 0);
  await kernel.eventsClose(queue);
  const names = seen.filter(([event]) => event === "start").map(([, { name }]) => name);
  expect(names).toEqual(["jail_get", "sysctl", "sysctl", "jail_remove_jd", "close", "kqueue", "kevent", "close"]);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../lib/lifecycle/events.js";
import type { JailDefinition } from "../../../lib/lifecycle/parameters.js";
import { freshWorld } from "./world.js";

interface Tree {
  readonly definitions: JailDefinition[];
  readonly limit: number;
}

/** Jails of which each may need some of those before it. */
function trees(most: number): fc.Arbitrary<Tree> {
  return fc.record({
    definitions: fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: most }).map((needs) =>
      needs.map((own, index) => ({
        name: `j${index}`,
        parameters: {
          path: "/jails/web",
          persist: true,
          depend: index === 0 ? [] : own.map((need) => `j${need % index}`),
          "exec.prestart": "one two",
          "exec.start": "three",
          "exec.stop": "four",
          "exec.poststop": "five",
        },
      })),
    ),
    limit: fc.integer({ min: 1, max: 5 }),
  });
}

/** Checks what must hold of the events of any start or stop; returns the order in which the jails were done. */
function checkEvents(events: readonly LifecycleEvent[], definitions: readonly JailDefinition[], way: "up" | "down") {
  const done: string[] = [];
  const begun = new Set<string>();
  const open = new Map<string, string>();
  const needs = new Map(definitions.map(({ name, parameters }) => [name, parameters.depend as string[]]));
  for (const event of events) {
    if (event.type === "begin") {
      expect(open.has(event.jail), `one step at a time for ${event.jail}`).toBe(false);
      open.set(event.jail, event.step);
      if (!begun.has(event.jail)) {
        begun.add(event.jail);
        const before =
          way === "up"
            ? (needs.get(event.jail) ?? [])
            : [...needs].filter(([, own]) => own.includes(event.jail)).map(([name]) => name);
        for (const need of before) expect(done, `${event.jail} after ${need}`).toContain(need);
      }
    } else if (event.type === "step") {
      expect(open.get(event.jail)).toBe(event.step);
      open.delete(event.jail);
    } else if (event.type === "jail") {
      expect(open.has(event.jail)).toBe(false);
      done.push(event.jail);
    }
  }
  expect(open.size).toBe(0);
  return done;
}

describe("many jails", () => {
  it("start and stop in an order that their needs allow, never more commands at once than the limit", async () => {
    await fc.assert(
      fc.asyncProperty(trees(12), async ({ definitions, limit }) => {
        let running = 0;
        const world = freshWorld({
          commands: async () => {
            running++;
            expect(running).toBeLessThanOrEqual(limit);
            await new Promise((resolve) => setImmediate(resolve));
            running--;
            return {};
          },
        });
        const up: LifecycleEvent[] = [];
        const started = await world.lifecycle.up(definitions, { parallel: limit, onEvent: (event) => up.push(event) })
          .result;
        expect(started.ok).toBe(true);
        expect(checkEvents(up, definitions, "up")).toHaveLength(definitions.length);
        const down: LifecycleEvent[] = [];
        const stopped = await world.lifecycle.down(definitions, {
          parallel: limit,
          onEvent: (event) => down.push(event),
        }).result;
        expect(stopped.ok).toBe(true);
        expect(checkEvents(down, definitions, "down")).toHaveLength(definitions.length);
        expect(await world.leftovers()).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it("a hundred with a tree of needs, in parallel and one by one", async () => {
    const definitions = Array.from({ length: 100 }, (_, index) => ({
      name: `j${index}`,
      parameters: {
        path: "/jails/web",
        persist: true,
        depend: index === 0 ? [] : [`j${Math.floor((index - 1) / 3)}`],
        interface: "em0",
        "ip4.addr": [`198.51.100.${index + 1}`],
        "exec.start": "rc",
      },
    }));
    for (const parallel of [1, 8, undefined]) {
      const world = freshWorld();
      const events: LifecycleEvent[] = [];
      const options = {
        ...(parallel === undefined ? {} : { parallel }),
        onEvent: (event: LifecycleEvent) => events.push(event),
      };
      expect((await world.lifecycle.up(definitions, options).result).ok).toBe(true);
      checkEvents(events.splice(0), definitions, "up");
      expect(world.addresses("em0")).toHaveLength(101);
      expect((await world.lifecycle.down(definitions, options).result).ok).toBe(true);
      checkEvents(events, definitions, "down");
      expect(await world.leftovers()).toEqual([]);
    }
  });

  it("one by one go in jail(8)'s order", async () => {
    const jail = (name: string, ...depend: string[]) => ({
      name,
      parameters: { path: "/jails/web", persist: true, depend },
    });
    const definitions = [jail("a", "b", "c"), jail("b", "c"), jail("c"), jail("d")];
    const world = freshWorld();
    const up = await world.lifecycle.up(definitions, { parallel: 1 }).result;
    expect(up.jails.map((event) => event.jail)).toEqual(["c", "d", "b", "a"]);
    const down = await world.lifecycle.down(definitions, { parallel: 1 }).result;
    expect(down.jails.map((event) => event.jail)).toEqual(["a", "b", "c", "d"]);
  });

  it("whose needs fail are skipped, with the reason, and others go on", async () => {
    const { lifecycle } = freshWorld({ commands: () => ({ status: 1 }) });
    const jail = (name: string, parameters: Record<string, unknown>) => ({
      name,
      parameters: { path: "/jails/web", persist: true, ...parameters },
    });
    const outcome = await lifecycle.up([
      jail("a", { depend: "b" }),
      jail("b", { depend: "c" }),
      jail("c", { "exec.prestart": "/usr/bin/false" }),
      jail("d", {}),
    ]).result;
    const states = Object.fromEntries(outcome.jails.map(({ jail: name, state, reason }) => [name, [state, reason]]));
    expect(states).toEqual({
      a: ["skipped", 'it needs "b", which is not up'],
      b: ["skipped", 'it needs "c", which is not up'],
      c: ["failed", undefined],
      d: ["up", undefined],
    });
    expect(outcome.ok).toBe(false);
  });

  it("that need each other in a circle are told the circle", async () => {
    const { lifecycle } = freshWorld();
    const jail = (name: string, depend: string) => ({
      name,
      parameters: { path: "/jails/web", persist: true, depend },
    });
    const outcome = await lifecycle.up([jail("a", "b"), jail("b", "a"), jail("c", "nosuch")]).result;
    expect(outcome.problems).toMatchObject([
      { jail: "c", message: 'depends on undefined jail "nosuch"', code: "ENOENT" },
      { jail: "a", message: "dependency loop: a -> b -> a", code: "ELOOP" },
    ]);
    expect(Object.fromEntries(outcome.jails.map(({ jail: name, state }) => [name, state]))).toEqual({
      a: "failed",
      b: "skipped",
      c: "failed",
    });
  });

  it("stopping one takes those that need it down first, and its children", async () => {
    const { lifecycle, jails } = freshWorld();
    const jail = (name: string, ...depend: string[]) => ({
      name,
      parameters: { path: "/jails/web", persist: true, depend, "children.max": 1 },
    });
    const definitions = [jail("db"), jail("app", "db"), jail("app.worker"), jail("other")];
    await lifecycle.up(definitions).result;
    const down = await lifecycle.down(definitions, { only: ["db"] }).result;
    expect(down.jails.map((event) => event.jail)).toEqual(["app.worker", "app", "db"]);
    expect(jails.jails.map(({ name }) => name)).toEqual(["other"]);
  });
});

describe("a jail whose need another run has stopped since", () => {
  const jail = (name: string, depend: string[], start = "true") => ({
    name,
    parameters: { path: "/jails/web", persist: true, depend, "exec.poststart": start },
  });

  it("is not started, and says so", async () => {
    const world = freshWorld({
      commands: async ({ argv }) => {
        if (argv[0] === "stop-a") expect((await world.lifecycle.down([a], { only: ["a"] }).result).ok).toBe(true);
        return {};
      },
    });
    const a = jail("a", []);
    const { jails, ok } = await world.lifecycle.up([a, jail("slow", ["a"], "stop-a"), jail("b", ["a", "slow"])]).result;
    expect(ok).toBe(false);
    expect(jails.map(({ jail, state, reason }) => [jail, state, reason])).toEqual([
      ["a", "up", undefined],
      ["slow", "up", undefined],
      ["b", "skipped", 'it needs "a", which was stopped meanwhile'],
    ]);
    expect(world.jails.jails.map(({ name }) => name)).toEqual(["slow"]);
  });
});

import { describe, expect, it } from "vitest";
import type { StepEvent } from "../../../lib/lifecycle/events.js";
import { EVERYTHING } from "./everything.js";
import { freshWorld } from "./world.js";

/** Runs a start with one operation of the machine failing; undefined where there were not so many. */
async function startWithFault(number: number, code: string) {
  const world = freshWorld();
  world.jails.command = (_jail, { background }) => ({ hang: background });
  let hit: string | undefined;
  const lifecycle = world.faulty((operation, done) => {
    if (done || operation.number !== number) return undefined;
    hit = `${operation.name} ${operation.subject}`;
    return code;
  });
  const steps: StepEvent[] = [];
  const outcome = await lifecycle.up([EVERYTHING], {
    onEvent: (event) => {
      if (event.type === "step") steps.push(event);
    },
  }).result;
  return hit === undefined ? undefined : { world, outcome, hit, steps };
}

describe("a start in which one operation of the machine fails", () => {
  it("leaves nothing, whichever it is", async () => {
    let swept = 0;
    let failed = 0;
    for (let number = 1; ; number++) {
      const run = await startWithFault(number, "EIO");
      if (run === undefined) break;
      swept++;
      const { outcome, world, hit } = run;
      if (outcome.ok) {
        // What was only remembered, or tidied up, may fail without harm; then the jail is up.
        expect(outcome.jails[0]?.state, hit).toBe("up");
        const down = await world.lifecycle.down([EVERYTHING]).result;
        expect(down.ok, hit).toBe(true);
      } else {
        failed++;
        expect(outcome.jails[0]?.state, hit).toBe("failed");
        expect(outcome.jails[0]?.error ?? outcome.problems[0], hit).toMatchObject({ code: "EIO" });
        if (outcome.jails[0]?.left.length !== 0) await world.lifecycle.recover().result;
      }
      expect(await world.leftovers(), hit).toEqual([]);
    }
    console.log(`${swept} operations failed in turn, ${failed} of them ended the start; nothing was left`);
    expect(swept).toBeGreaterThan(60);
    expect(failed).toBeGreaterThan(50);
  });
});

describe("a stop in which one operation of the machine fails", () => {
  it("goes on, and the next recover takes away what it could not", async () => {
    let swept = 0;
    for (let number = 1; ; number++) {
      const world = freshWorld();
      world.jails.command = (_jail, { background }) => ({ hang: background });
      expect((await world.lifecycle.up([EVERYTHING]).result).ok).toBe(true);
      let hit: string | undefined;
      const lifecycle = world.faulty((operation, done) => {
        if (done || operation.number !== number) return undefined;
        hit = `${operation.name} ${operation.subject}`;
        return "EIO";
      });
      const outcome = await lifecycle.down([EVERYTHING]).result;
      if (hit === undefined) break;
      swept++;
      if (!outcome.ok && world.jails.jails.length > 0) {
        // A hook failed, or the books could not be opened: the jail runs on, untouched.
        expect(outcome.jails[0]?.state, hit).toBe("failed");
        expect((await world.lifecycle.down([EVERYTHING]).result).ok, hit).toBe(true);
      }
      await world.lifecycle.recover().result;
      expect(await world.leftovers(), hit).toEqual([]);
    }
    console.log(`${swept} operations of a stop failed in turn; nothing was left`);
    expect(swept).toBeGreaterThan(40);
  });
});

describe("undo", () => {
  it("goes on when one thing cannot be taken back, and says what is left", async () => {
    const world = freshWorld({ commands: ({ argv }) => ({ status: argv[1] === "poststart" ? 3 : 0 }) });
    const lifecycle = world.faulty((operation) =>
      operation.name === "unmount" && operation.subject.endsWith("/tmp") ? "EBUSY" : undefined,
    );
    const outcome = await lifecycle.up([EVERYTHING]).result;
    expect(outcome.jails[0]).toMatchObject({
      state: "failed",
      error: { code: "EEXIT" },
      left: [{ thing: "mount tmpfs tmpfs on /jails/web/tmp", code: "EBUSY" }],
    });
    expect(await world.leftovers()).toEqual(["/jails/web/tmp", "web.ledger", ...(await marks(world))]);
    expect((await world.lifecycle.recover().result).jails).toMatchObject([{ jail: "web", state: "down" }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it("happens in the reverse order of doing", async () => {
    const world = freshWorld({ commands: ({ argv }) => ({ status: argv[1] === "poststart" ? 3 : 0 }) });
    const done: string[] = [];
    const undone: string[] = [];
    await world.lifecycle.up([EVERYTHING], {
      onEvent: (event) => {
        if (event.type !== "step" || event.outcome === "failed") return;
        if (event.direction === "undo") undone.push(event.step);
        else if (!event.step.startsWith("exec.") && !["command", "persist", "ready"].includes(event.step))
          done.push(event.step);
      },
    }).result;
    expect(undone).toEqual([...done].reverse());
    expect(await world.leftovers()).toEqual([]);
  });
});

async function marks(world: ReturnType<typeof freshWorld>): Promise<readonly string[]> {
  return world.machine.listDirectory(`${world.directory}/shared`);
}

import { expect, it } from "vitest";
import { type Jail, JailHost, JailParameterError } from "../../../lib/index.js";

const SPAWN: [title: string, parameter: string, call: (jail: Jail) => unknown][] = [
  ["arguments that are a text", "args", (jail) => jail.spawn("true", "x" as never)],
  ["options in the place of arguments", "args", (jail) => jail.exec("true", { user: "www" } as never)],
  ["a time below 0", "timeout", (jail) => jail.exec("true", [], { timeout: -1 })],
  ["a time that is a text", "timeout", (jail) => jail.execSync("true", [], { timeout: "5" as never })],
  ["a time that no timer has", "timeout", (jail) => jail.spawn("true", [], { timeout: Number.POSITIVE_INFINITY })],
  ["room that is no number", "maxBuffer", (jail) => jail.exec("true", [], { maxBuffer: Number.NaN })],
  ["a signal that nobody has", "killSignal", (jail) => jail.exec("true", [], { killSignal: "SIGNOPE" as never })],
  ["an encoding that nobody knows", "encoding", (jail) => jail.exec("true", [], { encoding: "nope" as never })],
  ["variables that are a text", "env", (jail) => jail.spawn("true", [], { env: "A=1" as never })],
  ["a signal that nobody has, to kill", "signal", (jail) => jail.kill("SIGNOPE" as never)],
  ["a time below 0, to stop", "timeout", (jail) => jail.stop({ timeout: -1 })],
  ["a time that is none, to stop", "timeout", (jail) => jail.stop({ timeout: Number.NaN })],
  ["a time that is a text, to remove", "timeout", (jail) => jail.remove({ timeout: "x" as never })],
];

it.each(SPAWN)("%s: refused by name before anything begins", async (_title, parameter, call) => {
  const host = JailHost.simulated();
  const jail = await host.create({ name: "a", path: "/" });
  const thrown = await Promise.resolve()
    .then(() => call(jail))
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(thrown).toBeInstanceOf(JailParameterError);
  expect(thrown).toMatchObject({ code: "ERR_JAIL_PARAMETER", parameter });
  expect(host.commands).toEqual([]);
  expect(await host.list(["name"])).toEqual([{ name: "a" }]);
});

it("takes for ever where there is an end anyhow, and a signal's number", async () => {
  const host = JailHost.simulated();
  const jail = await host.create({ name: "a", path: "/" });
  await jail.exec("true", [], { killSignal: 9 as never, maxBuffer: Number.POSITIVE_INFINITY, encoding: "buffer" });
  await jail.stop({ timeout: Number.POSITIVE_INFINITY });
  await jail.remove({ timeout: Number.POSITIVE_INFINITY });
});

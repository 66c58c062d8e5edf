import { expect, it, onTestFinished, vi } from "vitest";
import { become } from "../../../lib/cli/become.js";
import type { Watched } from "../../../lib/machine/run.js";
import { signalNumber } from "../../../lib/strerror.js";
import { memoryIo } from "./memory-io.js";

it("a signal that comes before the command does is kept for it, and one that comes again is not", async () => {
  const exit = vi.spyOn(process, "exit").mockImplementation((() => undefined) as never);
  onTestFinished(() => exit.mockRestore());
  const kills: string[] = [];
  const program: Watched = {
    exited: Promise.resolve({ status: 0, signal: null }),
    output: (async function* () {})(),
    kill: (signal) => void kills.push(signal),
    release() {},
  };
  let begin: (started: Watched) => void = () => {};
  const status = become(() => new Promise((resolve) => (begin = resolve)), memoryIo());
  process.emit("SIGUSR2", "SIGUSR2");
  expect({ kills, exits: exit.mock.calls }).toEqual({ kills: [], exits: [] });
  process.emit("SIGUSR2", "SIGUSR2");
  expect(exit.mock.calls).toEqual([[128 + signalNumber("SIGUSR2")]]);
  begin(program);
  expect(await status).toBe(0);
  expect(kills).toEqual(["SIGUSR2"]);
});

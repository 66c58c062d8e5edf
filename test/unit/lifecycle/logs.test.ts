import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { JailLog, MOST_BYTES } from "../../../lib/lifecycle/logs/log.js";
import { type LogLine, LogReader } from "../../../lib/lifecycle/logs/read.js";
import { SimulatedMachine } from "../../../lib/machine/simulated/machine.js";
import { withFaults } from "./faults.js";

function files() {
  const root = mkdtempSync(join(tmpdir(), "logs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "var"));
  const machine = new SimulatedMachine({ root, jails: () => [] });
  const log = new JailLog(machine, "/logs/web");
  const reader = (consoleLog?: string) => new LogReader(machine, "/logs/web", "web", consoleLog);
  return { root, machine, log, reader };
}

const START = { step: "exec.start", direction: "up", stream: "stdout" } as const;

async function all(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { step, stream, text } of lines) texts.push(`${step} ${stream} ${text}`);
  return texts;
}

describe("a jail's log", () => {
  it("puts lines together that came in pieces, each stream by itself", async () => {
    const { log, reader } = files();
    const pieces = ["one\ntw", "o\nthr", "ee"];
    for (const text of pieces) void log.write({ ...START, text });
    await log.write({ ...START, stream: "stderr", text: "wrong\n" });
    expect(await all(reader().read())).toEqual([
      "exec.start stdout one",
      "exec.start stdout two",
      "exec.start stdout three",
      "exec.start stderr wrong",
    ]);
  });

  it("is bounded, and what is kept is what came last", async () => {
    const { root, log, reader } = files();
    const text = `${"x".repeat(9000)}\n`;
    for (let number = 0; number < 400; number++) void log.write({ ...START, text: `${number} ${text}` });
    await log.flush();
    expect(readdirSync(join(root, "logs"))).toEqual(["web", "web.1"]);
    for (const name of ["web", "web.1"])
      expect(statSync(join(root, "logs", name)).size).toBeLessThanOrEqual(MOST_BYTES);
    const numbers = (await all(reader().read())).map((line) => Number(line.split(" ")[2]));
    expect(numbers.at(-1)).toBe(399);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => 400 - numbers.length + at));
    expect(numbers.length).toBeGreaterThan(110);
  });

  it("that was cut, or cannot be written, is no reason to fail", async () => {
    const { root, machine, log, reader } = files();
    await log.write({ ...START, text: "whole\n" });
    appendFileSync(join(root, "logs/web"), '{"at":1,"step":"exec.start","te');
    expect(await all(reader().read())).toEqual(["exec.start stdout whole"]);
    const full = withFaults(machine, ({ name }, done) => (name === "appendFile" && !done ? "ENOSPC" : undefined));
    const other = new JailLog(full, "/logs/web");
    await other.write({ ...START, text: "lost\n" });
    await other.write({ ...START, text: "lost too\n" });
    expect(await all(reader().read())).toEqual(["exec.start stdout whole"]);
  });

  it("shows the console log between what else was written, each part by the step that wrote it", async () => {
    const { root, log, reader } = files();
    const path = "/var/console";
    const add = (text: string) => appendFileSync(join(root, path), text);
    add("long before\n");
    const size = () => statSync(join(root, path)).size;
    await log.write({ step: "exec.start", direction: "up", console: { path, from: size() } });
    add("the start\nwithout an end");
    await log.write({ step: "exec.start", direction: "up", console: { path, to: size() } });
    add("\na daemon\n");
    await log.write({ ...START, step: "exec.poststart", text: "outside\n" });
    await log.write({ step: "exec.stop", direction: "down", console: { path, from: size() } });
    add("the stop\n");
    await log.write({ step: "exec.stop", direction: "down", console: { path, to: size() } });
    add("last words\n");
    expect(await all(reader(path).read())).toEqual([
      "console console long before",
      "exec.start console the start",
      "exec.start console without an end",
      "exec.poststart stdout outside",
      "console console ",
      "console console a daemon",
      "exec.stop console the stop",
      "console console last words",
    ]);
    // Somebody rotated it.
    truncateSync(join(root, path), 0);
    add("after\n");
    expect(await all(reader(path).read())).toContain("console console after");
  });

  it("is followed, over its rotation too, until the signal says so", async () => {
    const { root, machine, log, reader } = files();
    const path = "/var/console";
    writeFileSync(join(root, path), "");
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { step, text } of reader(path).read({ follow: true, signal: stop.signal })) {
        seen.push(`${step} ${text}`);
      }
    })();
    const until = async (line: string) => {
      while (!seen.includes(line)) await machine.sleep(5);
    };
    await log.write({ ...START, text: "first\n" });
    await until("exec.start first");
    appendFileSync(join(root, path), "from the jail\n");
    await until("console from the jail");
    for (let half = 0; half < 2; half++) await log.write({ ...START, text: `before ${"y".repeat(MOST_BYTES / 2)}\n` });
    await log.write({ ...START, text: "after\n" });
    await until("exec.start after");
    expect(readdirSync(join(root, "logs"))).toContain("web.1");
    expect(seen.filter((line) => line.startsWith("exec.start before y"))).toHaveLength(2);
    stop.abort(new Error("enough"));
    await expect(following).rejects.toThrow("enough");
  });

  it("is read from a time on", async () => {
    const { machine, log, reader } = files();
    await log.write({ ...START, text: "early\n" });
    await machine.sleep(5);
    const since = machine.now();
    await log.write({ ...START, text: "late\n" });
    expect(await all(reader().read({ since }))).toEqual(["exec.start stdout late"]);
    expect(await all(reader().read({ since: since + 60_000 }))).toEqual([]);
  });
});

import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { machine } from "./lists.js";

const program = join(__dirname, "worker.cjs");

it("eight workers use the addon at once, each its own machine", async () => {
  const workers = Array.from({ length: 8 }, (_, i) => new Worker(program, { workerData: { lastJid: 1000 * i } }));
  const answers = await Promise.all(workers.map((worker) => once(worker, "message")));
  expect(answers.map(([jids]) => jids)).toEqual(
    workers.map((_, i) => Array.from({ length: 50 }, (_, n) => 1000 * i + n + 1)),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
});

it("a worker that is terminated in the middle of calls takes nothing with it", async () => {
  for (let i = 0; i < 5; i++) {
    const worker = new Worker(program, { workerData: { forever: true } });
    await once(worker, "message");
    await worker.terminate();
  }
  expect(machine().kernel.jailListSync([], 0).rows).toBe(0);
});

/** Running machines in files: QEMU's migration stream, and the disk as it was at that moment. */
import { createReadStream, createWriteStream } from "node:fs";
import { createServer } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import type { Monitor } from "./monitor.js";
import { connectSocket } from "./socket.js";

const LOOK_AGAIN_MS = 50;

/** Polls the monitor until `done` has an answer. */
async function poll<T>(
  monitor: Monitor,
  command: string,
  waits: Waits,
  wait: "save" | "resume",
  signal: AbortSignal,
  done: (status: string) => T | undefined,
): Promise<T> {
  const deadline = performance.now() + waits.ms(wait);
  for (;;) {
    const { status = "none" } = (await monitor.execute(command)) as { status?: string };
    const result = done(status);
    if (result !== undefined) return result;
    if (performance.now() > deadline) throw waits.overrun(wait, `QEMU is still at it (${command}: ${status})`);
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** Stops the machine and writes all of it but its disks to `file`. */
export async function saveMemory(
  monitor: Monitor,
  file: string,
  socket: string,
  waits: Waits,
  signal: AbortSignal,
): Promise<void> {
  await monitor.execute("stop");
  const server = createServer({ pauseOnConnect: true });
  const received = new Promise<void>((resolve, reject) => {
    server.once("connection", (connection) => {
      server.close();
      pipeline(connection, createWriteStream(file), { signal }).then(resolve, reject);
    });
  });
  // It may fail while nobody awaits it yet; whoever does then is told.
  received.catch(() => {});
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
    await monitor.execute("migrate-set-parameters", { "max-bandwidth": 2 ** 40 });
    await monitor.execute("migrate", { uri: `unix:${socket}` });
    const state = await poll(monitor, "query-migrate", waits, "save", signal, (status) =>
      ["completed", "failed", "cancelled"].includes(status) ? status : undefined,
    );
    if (state !== "completed") throw new VmError(`the running machine could not be saved: ${state}`);
    await received;
  } finally {
    server.close();
  }
}

/** Reads a machine that {@link saveMemory} wrote into a QEMU that waits for one; it then runs on. */
export async function loadMemory(
  monitor: Monitor,
  file: string,
  socket: string,
  waits: Waits,
  signal: AbortSignal,
): Promise<void> {
  await monitor.execute("migrate-incoming", { uri: `unix:${socket}` });
  const connection = await connectSocket(socket, waits.ms("monitor"), signal);
  await pipeline(createReadStream(file), connection, { signal });
  await poll(monitor, "query-status", waits, "resume", signal, (status) => {
    if (status === "inmigrate") return undefined;
    // It was stopped when it was saved.
    if (status === "paused" || status === "running") return true;
    throw new VmError(`the saved machine could not be read back: ${status}`);
  });
  await monitor.execute("cont");
}

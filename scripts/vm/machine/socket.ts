import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_AGAIN_MS = 20;

/** Connects to a socket that a program is about to listen on: a path, or a port of this machine. */
export async function connectSocket(to: string | number, limitMs: number, signal: AbortSignal): Promise<Socket> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await new Promise<Socket>((resolve, reject) => {
        const socket = typeof to === "string" ? connect(to) : connect(to, "127.0.0.1");
        socket.once("connect", () => {
          socket.off("error", reject);
          // What breaks later is told by "close".
          socket.on("error", () => {});
          resolve(socket);
        });
        socket.once("error", reject);
      });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }
}

import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Machine } from "./machine.js";

/** This process's own time. */
export const OWN_TIME: Pick<Machine, "clock" | "sleep"> = {
  clock: () => performance.now(),
  async sleep(ms, { signal } = {}) {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error) => {
      throw signal?.aborted ? signal.reason : error;
    });
  },
};

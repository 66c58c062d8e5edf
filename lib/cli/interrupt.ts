import { STATUS_INTERRUPTED } from "./failure.js";

/**
 * Runs something that Ctrl-C stops: the first interrupt (or SIGTERM, or SIGHUP) aborts the signal, so that what was
 * begun is undone; the second leaves the process at once.
 *
 * @param run gets the signal to pass on to whatever waits
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(STATUS_INTERRUPTED);
    controller.abort(new DOMException(`interrupted by ${name}`, "AbortError"));
  };
  for (const name of names) process.on(name, stop);
  try {
    return await run(controller.signal);
  } finally {
    for (const name of names) process.off(name, stop);
  }
}

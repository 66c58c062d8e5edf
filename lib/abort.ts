/**
 * Runs `start` unless `signal` is aborted already, and rejects with the signal's reason when it aborts first. What was
 * started ends by itself; its late value goes to `late`.
 */
export function abortable<T>(
  signal: AbortSignal | undefined,
  start: () => Promise<T>,
  late?: (value: T) => void,
): Promise<T> {
  if (signal === undefined) return start();
  if (typeof signal.addEventListener !== "function") throw new TypeError("signal must be an AbortSignal");
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    start().then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        if (signal.aborted) late?.(value);
        else resolve(value);
      },
      (error) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

import type { MachineLock } from "../../machine/machine.js";
import { stepFailure } from "../events.js";
import type { Engine } from "./context.js";
import type { Session } from "./session.js";

/** Takes a jail's lock, and says who else holds it. It is waited for as long as anything is, or until `signal`. */
export function takeLock(engine: Engine, jail: string, purpose: string, signal = engine.waiting): Promise<MachineLock> {
  return engine.books.lock(jail, purpose, {
    signal,
    onWait: (holder) => engine.emit({ type: "wait", jail, at: engine.machine.now(), holder }),
  });
}

/**
 * One jail's turn in a run: `act` under its lock. What is thrown is how the jail ended, and ends nothing else.
 *
 * @returns what `act` says, false where it did not come to that
 */
export async function takeTurn(
  session: Session,
  jail: string,
  lock: () => Promise<MachineLock>,
  act: () => Promise<boolean>,
): Promise<boolean> {
  const { signal } = session.engine;
  if (signal.aborted) {
    session.tell(jail, { state: "aborted", error: stepFailure(signal.reason) });
    return false;
  }
  try {
    const held = await lock();
    try {
      return await act();
    } finally {
      await held.release();
    }
  } catch (error) {
    session.tell(jail, { state: signal.aborted ? "aborted" : "failed", error: stepFailure(error) });
    return false;
  }
}

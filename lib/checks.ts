import { constants } from "node:os";
import { JailParameterError } from "./errors.js";

/** The longest time that a timer has. */
const LONGEST_MS = 2 ** 31 - 1;

/** A time in milliseconds, or none. `forever`: Infinity is one. @throws JailParameterError */
export function checkMilliseconds(name: string, value: unknown, { forever = false } = {}): void {
  if (value === undefined || (forever && value === Number.POSITIVE_INFINITY)) return;
  if (typeof value === "number" && value >= 0 && value <= LONGEST_MS) return;
  throw new JailParameterError(name, value, `it must be milliseconds, from 0 to ${LONGEST_MS}`);
}

/** A signal that this machine has, by name, or nothing. @throws JailParameterError */
export function checkSignal(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === "string" && Object.hasOwn(constants.signals, value)) return;
  throw new JailParameterError(name, value, 'this machine has no such signal; one is "SIGTERM"');
}

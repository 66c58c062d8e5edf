/** iovec lists and machines for the tests of the raw boundary. */
import type {
  RawIovec,
  RawIovecOutcome,
  RawOutcome,
  RawSimulatedOptions,
  SimulatedMachine,
} from "../../../lib/binding.js";
import { openSimulated } from "../../../lib/native.js";
import { packParams } from "../../../scripts/conformance/iovec.js";
import type { Param } from "../../../scripts/conformance/recording.js";

/** A simulated machine in memory. */
export function machine(options: RawSimulatedOptions = {}): SimulatedMachine {
  const { value, error } = openSimulated(options);
  if (error !== undefined) throw new Error(error.message);
  return value;
}

/** A list with room for the kernel's message. */
export function list(...params: Param[]): RawIovec {
  return packParams([...params, ["errmsg", "out", 256]], Number);
}

/** A jail that persists. */
export function create(name: string): RawIovec {
  return list(["name", "string", name], ["persist", "null"]);
}

/** The bytes of the value that comes `index`-th in the list, as long as the kernel says. */
export function value(before: RawIovec, after: RawIovecOutcome, index: number): Uint8Array {
  let at = 0;
  for (let i = 0; i < 2 * index + 1; i++) at += Math.max(before.lengths[i] ?? 0, 0);
  return after.data.subarray(at, at + (after.lengths[2 * index + 1] ?? 0));
}

export function int(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(0, true);
}

/** The value of an outcome that must not have failed. */
export function ok(outcome: RawOutcome): number {
  if (outcome.error !== undefined) {
    throw new Error(`${outcome.error.syscall}: ${outcome.error.code} ${outcome.error.message}`);
  }
  return outcome.value;
}

/** iovec lists from recorded parameters, and what the recorder would have written down of a list after the call. */
import type { RawIovec, RawIovecOutcome } from "../../lib/binding.js";
import type { Output, Param } from "./recording.js";

interface Entry {
  readonly bytes: Uint8Array | undefined;
  readonly length: number;
}

function entryOf([name, kind, value]: Param, resolve: (value: number | string) => number): Entry {
  const bytes = (length: number, write?: (view: DataView) => void): Entry => {
    const data = new Uint8Array(length);
    write?.(new DataView(data.buffer));
    return { bytes: data, length };
  };
  switch (kind) {
    case "string": {
      const text = Buffer.from(`${value ?? ""}\0`, "utf8");
      return { bytes: text, length: text.length };
    }
    case "int":
      return bytes(4, (view) => view.setInt32(0, resolve(value ?? 0), true));
    case "long":
      return bytes(8, (view) => view.setBigInt64(0, BigInt(resolve(value ?? 0)), true));
    case "hex": {
      const data = Buffer.from(String(value ?? ""), "hex");
      return { bytes: data, length: data.length };
    }
    case "null":
      return { bytes: undefined, length: 0 };
    case "out":
      return bytes(Number(value));
    case "nullout":
      return { bytes: undefined, length: Number(value) };
    default:
      throw new Error(`parameter ${name}: unknown kind "${kind}"`);
  }
}

/** The list of a recorded call. */
export function packParams(params: readonly Param[], resolve: (value: number | string) => number): RawIovec {
  const entries = params.flatMap((param) => {
    const name = Buffer.from(`${param[0]}\0`, "utf8");
    return [{ bytes: name, length: name.length }, entryOf(param, resolve)];
  });
  return {
    data: Buffer.concat(entries.flatMap(({ bytes }) => bytes ?? [])),
    lengths: Int32Array.from(entries, ({ bytes, length }) => (bytes === undefined ? -length - 1 : length)),
  };
}

/** Zero bytes at the end are cut in buffers over 8 bytes. */
function hexOf(bytes: Uint8Array): string {
  let end = bytes.length;
  if (end > 8) while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return Buffer.from(bytes.subarray(0, end)).toString("hex");
}

/**
 * The outputs as the recorder lists them: buffers to be filled (of jail_get integers as well) and entries whose length
 * has changed; without an errmsg of zeros, and without what a failed call did not touch. The one whose integer the step
 * saves is listed as well.
 */
export function outputsOf(
  op: string,
  params: readonly Param[],
  before: RawIovec,
  after: RawIovecOutcome,
  saved?: string,
): Output[] {
  const outputs: Output[] = [];
  let at = 0;
  params.forEach(([name, kind], i) => {
    const given = before.lengths[2 * i + 1] ?? 0;
    const room = Math.max(given, 0);
    at += Math.max(before.lengths[2 * i] ?? 0, 0);
    const bytes = given < 0 ? undefined : after.data.subarray(at, at + room);
    at += room;
    const len = after.lengths[2 * i + 1] ?? 0;
    const changed = len !== (given < 0 ? -given - 1 : given);
    const zero = bytes?.every((byte) => byte === 0) ?? true;
    const filled = kind === "out" || kind === "nullout" || (op === "jail_get" && kind === "int") || name === saved;
    if (!filled && !changed) return;
    if (zero && !changed && (name === "errmsg" || after.error !== undefined)) return;
    outputs.push({ name, len, hex: bytes === undefined ? null : hexOf(bytes) });
  });
  return outputs;
}

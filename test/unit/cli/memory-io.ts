import { Readable, Writable } from "node:stream";
import type { CliIo } from "../../../lib/cli/io.js";

/** A stream that keeps what is written. */
class Kept extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** An io whose output can be read back. */
export interface MemoryIo extends CliIo {
  readonly out: () => string;
  readonly err: () => string;
  readonly outBytes: () => Buffer;
  readonly errBytes: () => Buffer;
}

/** Makes an io in memory. */
export function memoryIo(env: NodeJS.ProcessEnv = {}, cwd = "/"): MemoryIo {
  const stdout = new Kept();
  const stderr = new Kept();
  return {
    ...{ stdin: Readable.from([]), stdout, stderr, env, cwd },
    out: () => stdout.bytes.toString(),
    err: () => stderr.bytes.toString(),
    outBytes: () => stdout.bytes,
    errBytes: () => stderr.bytes,
  };
}

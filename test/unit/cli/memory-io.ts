import { Readable, Writable } from "node:stream";
import type { CliIo } from "../../../lib/cli/io.js";

/** A stream that keeps what is written. */
class Kept extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** An io whose output can be read back. */
export interface MemoryIo extends CliIo {
  readonly out: () => string;
  readonly err: () => string;
}

/** Makes an io in memory. */
export function memoryIo(env: NodeJS.ProcessEnv = {}, cwd = "/"): MemoryIo {
  const stdout = new Kept();
  const stderr = new Kept();
  return { stdin: Readable.from([]), stdout, stderr, env, cwd, out: () => stdout.text, err: () => stderr.text };
}

import { Readable, Writable } from "node:stream";
import type { CliIo } from "../../lib/cli/io.js";

class Kept extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }
}

/** Streams for a command in this process, and what it wrote to them. */
export function commandStreams(
  env: Readonly<Record<string, string>>,
  cwd: string,
): { readonly io: CliIo; output(): { readonly stdout: string; readonly stderr: string } } {
  const stdout = new Kept();
  const stderr = new Kept();
  const text = (stream: Kept): string => Buffer.concat(stream.chunks).toString();
  return {
    io: { stdin: Readable.from([]), stdout, stderr, env: { ...env }, cwd },
    output: () => ({ stdout: text(stdout), stderr: text(stderr) }),
  };
}

/** The two disks over which files go in and out of a guest without a network. */
import { closeSync, ftruncateSync, openSync, truncateSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { VmError } from "../errors.js";
import { contentOf, type TarSource } from "./tar.js";

/** Bytes of each disk. They are sparse: only what is written takes room. */
export const BOX_SIZE = 4 * 1024 ** 3;
/** Where content begins; the label stands before it. */
export const CONTENT_AT = 1024 ** 2;

/** What the first sector of each begins with. */
export const LABELS = { inbox: "bsdjail-vm inbox", outbox: "bsdjail-vm outbox" } as const;

/** Makes a disk empty but for its label, which the guest finds it by. */
export function emptyBox(file: string, label: string): void {
  const fd = openSync(file, "a+");
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, `${label}\n`);
  } finally {
    closeSync(fd);
  }
  truncateSync(file, BOX_SIZE);
}

/** Writes content and returns how many bytes there are. */
export async function fillBox(file: string, content: Readable, signal: AbortSignal): Promise<number> {
  emptyBox(file, LABELS.inbox);
  const fd = openSync(file, "r+");
  let at = CONTENT_AT;
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      if (at + piece.length > BOX_SIZE)
        return done(new VmError(`more than ${BOX_SIZE / 1024 ** 3} GiB do not go in at once`));
      try {
        writeSync(fd, piece, 0, piece.length, at);
        at += piece.length;
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  try {
    await pipeline(content, sink, { signal });
  } finally {
    closeSync(fd);
  }
  return at - CONTENT_AT;
}

/** Writes a tar archive and returns its bytes. */
export async function fillWithTar(file: string, source: TarSource, signal: AbortSignal): Promise<number> {
  const { output, done } = contentOf(source);
  const [bytes] = await Promise.all([fillBox(file, output, signal), done]);
  return bytes;
}

import { createWriteStream, renameSync, rmSync } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { partialName } from "../cache.js";
import { messageOf, VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import { type Checksum, checksumOf } from "./checksums.js";
import { needSpace } from "./space.js";

const TRIES = 3;

/** What downloads have in common. */
export interface NetworkOptions {
  readonly waits: Waits;
  readonly signal: AbortSignal;
  /** Told what is going on, a line each. */
  readonly say: (line: string) => void;
}

/** A transfer that broke off: to be tried again. A refusal by the server is not one. */
class Broken extends Error {}

/** An answer, or undefined where the server has no such thing. */
async function open(url: string, signal: AbortSignal): Promise<Response | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { signal, redirect: "follow" });
  } catch (thrown) {
    signal.throwIfAborted();
    const cause = thrown instanceof Error && thrown.cause !== undefined ? messageOf(thrown.cause) : messageOf(thrown);
    throw new Broken(`${url}: ${cause}`);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) return undefined;
  if (response.status >= 500) throw new Broken(`${url}: status ${response.status}`);
  throw new VmError(`${url}: the server answers ${response.status} ${response.statusText}`);
}

/** Tries again what broke off, each time with an idle limit of its own. */
async function persistently<T>(options: NetworkOptions, work: (signal: AbortSignal, alive: () => void) => Promise<T>) {
  const limit = options.waits.ms("download-idle");
  for (let left = TRIES; ; left--) {
    const idle = new AbortController();
    let timer = setTimeout(() => idle.abort(), limit);
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => idle.abort(), limit);
    };
    try {
      return await work(AbortSignal.any([options.signal, idle.signal]), alive);
    } catch (thrown) {
      options.signal.throwIfAborted();
      const broken = thrown instanceof Broken || idle.signal.aborted;
      if (!broken) throw thrown;
      const what = idle.signal.aborted ? "nothing was received any more" : messageOf(thrown);
      if (left === 1) {
        if (idle.signal.aborted) throw options.waits.overrun("download-idle", what);
        throw new VmError(
          what,
          "Without a network, `--image FILE` takes an image that is there; `list` shows the cached ones.",
        );
      }
      options.say(`${what}; trying again`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A small text; undefined where the server has no such file. */
export function fetchText(url: string, options: NetworkOptions): Promise<string | undefined> {
  return persistently(options, async (signal) => {
    const response = await open(url, signal);
    try {
      return await response?.text();
    } catch (thrown) {
      throw new Broken(`${url}: ${messageOf(thrown)}`);
    }
  });
}

/**
 * Downloads to `file`, which takes its name only when it is whole and its checksum is right.
 *
 * @throws VmError where the server has no such file, the transfer breaks off time and again, or the checksum is wrong
 */
export async function download(
  url: string,
  file: string,
  checksum: Checksum | undefined,
  options: NetworkOptions,
): Promise<void> {
  const partial = partialName(file);
  try {
    await persistently(options, async (signal, alive) => {
      const response = await open(url, signal);
      if (response?.body == null) throw new VmError(`${url}: there is no such file`);
      const length = Number(response.headers.get("content-length") ?? Number.NaN);
      if (length > 0) needSpace(file, length, url);
      let received = 0;
      let shown = 0;
      const count = new Transform({
        transform(piece, _encoding, done) {
          alive();
          received += piece.length;
          const tenth = Math.floor((10 * received) / length);
          if (tenth > shown) options.say(`${url}: ${10 * tenth}% of ${mebibytes(length)}`);
          shown = Math.max(shown, tenth || 0);
          done(null, piece);
        },
      });
      try {
        await pipeline(Readable.fromWeb(response.body as never), count, createWriteStream(partial), { signal });
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === "ENOSPC") throw thrown;
        throw new Broken(`${url}: broken off after ${mebibytes(received)} (${messageOf(thrown)})`);
      }
      if (length >= 0 && received !== length) throw new Broken(`${url}: ${received} of ${length} bytes came`);
    });
    if (checksum !== undefined) await verify(partial, url, checksum, options.signal);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

async function verify(file: string, url: string, checksum: Checksum, signal: AbortSignal): Promise<void> {
  const value = await checksumOf(file, checksum.algorithm, signal);
  if (value === checksum.value) return;
  throw new VmError(
    `${url}: its ${checksum.algorithm} is ${value}, the published one is ${checksum.value}`,
    "It was not kept. Try again later, or another mirror (BSDJAIL_VM_MIRROR).",
  );
}

/** A number of bytes for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(bytes < 10_485_760 ? 1 : 0)} MiB`;
}

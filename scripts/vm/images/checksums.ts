/** Lists of checksums, as FreeBSD and DragonFly publish them beside their images. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** A published checksum. */
export interface Checksum {
  readonly algorithm: "sha512" | "sha256" | "md5";
  /** In hexadecimal. */
  readonly value: string;
}

/** What a list says of each file: lines `SHA512 (name) = value`, or `value  name`. */
export function parseChecksums(text: string): ReadonlyMap<string, Checksum> {
  const found = new Map<string, Checksum>();
  for (const line of text.split(/\r?\n/)) {
    const bsd = /^(SHA512|SHA256|MD5) \((.+)\) = ([0-9a-f]+)$/i.exec(line);
    const gnu = /^([0-9a-f]{32,128}) [ *](?:.*\/)?([^/]+)$/i.exec(line);
    const name = bsd?.[2] ?? gnu?.[2];
    const value = (bsd?.[3] ?? gnu?.[1])?.toLowerCase();
    if (name === undefined || value === undefined) continue;
    const algorithm = ({ 128: "sha512", 64: "sha256", 32: "md5" } as const)[value.length];
    if (algorithm !== undefined) found.set(name, { algorithm, value });
  }
  return found;
}

/** A file's checksum, in hexadecimal. */
export async function checksumOf(
  file: string,
  algorithm: Checksum["algorithm"],
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash, signal === undefined ? {} : { signal });
  return hash.digest("hex");
}

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const UFS_SUPERBLOCK = 65536;
const UFS_MAGIC_AT = 1372;
const UFS2_MAGIC = 0x19540119;
const UFS_VOLUME_AT = 680;

function read(path: string, at: number, length: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.min(length, Math.max(0, fstatSync(fd).size - at)));
    readSync(fd, bytes, 0, bytes.length, at);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** Whose kernel a file is: FreeBSD's are ELF files for an interpreter that there is not. */
export function kernelKind(path: string): "freebsd" | "other" {
  const head = read(path, 0, 16384);
  return head.subarray(0, 4).toString("latin1") === "\x7fELF" && head.includes("/red/herring") ? "freebsd" : "other";
}

/** How FreeBSD will call a raw image that is one UFS without partitions: by its volume's name, `ufs/rootfs`. */
export function rootLabel(path: string): string | undefined {
  const superblock = read(path, UFS_SUPERBLOCK, 2048);
  if (superblock.length < 2048 || superblock.readUInt32LE(UFS_MAGIC_AT) !== UFS2_MAGIC) return undefined;
  const name = superblock.toString("latin1", UFS_VOLUME_AT, UFS_VOLUME_AT + 32).replace(/\0.*$/s, "");
  return name === "" ? undefined : `ufs/${name}`;
}

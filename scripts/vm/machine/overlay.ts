/** Disks that may be written to, on images that may not. */
import { VmError } from "../errors.js";
import { capture } from "../programs.js";
import type { BackingFormat } from "./qemu.js";

/**
 * Makes an empty qcow2 that shows `backing` until it is written to.
 *
 * @param size bytes the disk is to have at least, so that the guest has room to grow into; undefined: as the image
 */
export async function makeOverlay(
  file: string,
  backing: { readonly path: string; readonly format: BackingFormat },
  size: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const grown =
    size === undefined ? [] : [String(Math.max(size, await virtualSize(backing.path, backing.format, signal)))];
  const args = ["create", "-q", "-f", "qcow2", "-F", backing.format, "-b", backing.path, file, ...grown];
  const { status, stderr } = await capture("qemu-img", args, { signal });
  if (status !== 0) throw new VmError(`qemu-img could not make a disk on ${backing.path}: ${stderr.trim()}`);
}

/** The size of an image as a guest sees it. */
async function virtualSize(path: string, format: BackingFormat, signal: AbortSignal): Promise<number> {
  const { status, stdout, stderr } = await capture("qemu-img", ["info", "--output=json", "-f", format, path], {
    signal,
  });
  if (status !== 0)
    throw new VmError(`${path} is no ${format} image: ${stderr.trim()}`, "It may be cut off or damaged.");
  return Number((JSON.parse(stdout) as { "virtual-size": number })["virtual-size"]);
}

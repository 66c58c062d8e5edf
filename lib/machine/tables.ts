import type { MountEntry } from "./machine.js";

/** One address of an interface. */
export interface InterfaceAddress {
  readonly family: "inet" | "inet6";
  readonly address: string;
  /** Bits of the netmask. */
  readonly prefix: number;
}

/** One network interface of the machine's own network stack. */
export interface InterfaceEntry {
  readonly name: string;
  readonly up: boolean;
  readonly addresses: readonly InterfaceAddress[];
}

/** Bits of a netmask as ifconfig prints it, `0xffffff00`. */
function maskBits(hex: string): number {
  const value = Number.parseInt(hex, 16);
  let bits = 0;
  for (let bit = 31; bit >= 0; bit--) if ((value >>> bit) & 1) bits++;
  return bits;
}

/** What `ifconfig -a` printed. Lines that are not understood are passed over: drivers print their own. */
export function parseInterfaces(text: string): InterfaceEntry[] {
  const entries: { name: string; up: boolean; addresses: InterfaceAddress[] }[] = [];
  for (const line of text.split("\n")) {
    const head = /^([^\s:]+): flags=[0-9a-f]+(?:<([^>]*)>)?/.exec(line);
    if (head) {
      entries.push({ name: head[1] as string, up: (head[2] ?? "").split(",").includes("UP"), addresses: [] });
      continue;
    }
    const current = entries.at(-1);
    if (current === undefined) continue;
    const four = /^\tinet (\S+)(?: --> \S+)? netmask (0x[0-9a-f]+)/.exec(line);
    if (four) {
      current.addresses.push({ family: "inet", address: four[1] as string, prefix: maskBits(four[2] as string) });
    }
    const six = /^\tinet6 (\S+)(?: --> \S+)? prefixlen ([0-9]+)/.exec(line);
    if (six) {
      const address = (six[1] as string).replace(/%.*$/, "");
      current.addresses.push({ family: "inet6", address, prefix: Number(six[2]) });
    }
  }
  return entries;
}

/**
 * What `mount-helper list` printed: records of fsid, type, flags, source and target, each field ended by a NUL (paths
 * may hold every other byte).
 */
export function parseMountRecords(text: string): MountEntry[] {
  const fields = text.split("\0");
  const entries: MountEntry[] = [];
  for (let at = 0; at + 5 < fields.length; at += 5) {
    const [fsid, type, flags, source, target] = fields.slice(at, at + 5) as [string, string, string, string, string];
    entries.push({ fsid, type, source, target, readOnly: flags.split(",").includes("ro") });
  }
  return entries;
}

import { isIPv4, isIPv6 } from "node:net";

/** An address of `ip4.addr` or `ip6.addr` with what jail(8) reads around it: `interface|address/mask extra words`. */
export interface AddressValue {
  readonly family: "inet" | "inet6";
  /** The interface that gets an alias; undefined where none is named here or by `interface`. */
  readonly interface: string | undefined;
  readonly address: string;
  /** What stands after the slash: bits, or a dotted netmask; undefined: the address alone (/32, /128). */
  readonly mask: string | undefined;
  /** Further words for ifconfig(8), used when the alias is made. */
  readonly extra: readonly string[];
}

/** Reads one value of `ip4.addr` or `ip6.addr`; a string says what is wrong with it. */
export function parseAddressValue(
  family: "inet" | "inet6",
  text: string,
  defaultInterface: string | undefined,
): AddressValue | string {
  const [head = "", ...extra] = text.trim().split(/ +/);
  const bar = head.indexOf("|");
  const named = bar < 0 ? undefined : head.slice(0, bar);
  if (named === "") return "no interface before the bar";
  const [address = "", ...masks] = (bar < 0 ? head : head.slice(bar + 1)).split("/");
  if (!(family === "inet" ? isIPv4(address) : isIPv6(address) && !address.includes("%"))) {
    return `"${address}" is not an ${family === "inet" ? "IPv4" : "IPv6"} address`;
  }
  if (masks.length > 1) return "more than one slash";
  const mask = masks[0];
  const most = family === "inet" ? 32 : 128;
  const bits = mask !== undefined && /^[0-9]+$/.test(mask) && Number(mask) <= most;
  if (mask !== undefined && !bits && !(family === "inet" && isIPv4(mask))) return `"${mask}" is not a netmask`;
  return { family, interface: named ?? defaultInterface, address, mask, extra };
}

/** The bits of an address's netmask. */
export function prefixOf(value: AddressValue): number {
  const { mask, family } = value;
  if (mask === undefined) return family === "inet" ? 32 : 128;
  if (!mask.includes(".")) return Number(mask);
  const bits = mask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return bits.join("").replaceAll("0", "").length;
}

/** The argument vector that makes or removes an alias, as jail(8) has it. */
export function aliasArgv(value: AddressValue & { readonly interface: string }, verb: "alias" | "-alias"): string[] {
  const { family, address, mask } = value;
  let how: string[];
  if (mask === undefined) {
    how = family === "inet" ? [address, "netmask", "255.255.255.255"] : [address, "prefixlen", "128"];
  } else if (mask.includes(".")) how = [address, "netmask", mask];
  else how = [`${address}/${mask}`];
  return ["/sbin/ifconfig", value.interface, family, ...how, ...(verb === "alias" ? value.extra : []), verb];
}

/** One spelling for each address, so that two spellings of the same one compare equal. */
export function canonicalAddress(address: string): string {
  if (isIPv4(address)) return address.split(".").map(Number).join(".");
  // A URL's host is printed in the shortest form.
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

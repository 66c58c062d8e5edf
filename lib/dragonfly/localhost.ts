/** A jail's addresses, as a list of jails gives them. */
export interface JailAddresses {
  readonly jid: number;
  readonly "ip4.addr": readonly string[];
  readonly "ip6.addr": readonly string[];
}

/** A jail whose localhost is not its own. */
export interface SharedLocalhost {
  readonly jid: number;
  readonly family: "ip4" | "ip6";
  /** What the kernel makes of 127.0.0.1 or ::1 in this jail; undefined where it has no address of that family. */
  readonly address: string | undefined;
  /** Who else has it: `"host"`, or jails by jid. Empty where the address is an external one, open to the network. */
  readonly with: readonly ("host" | number)[];
  /** What is wrong and what to do, a whole sentence. */
  readonly message: string;
}

const isLoopback4 = (address: string): boolean => address.startsWith("127.");

/** What DragonFly BSD's kernel turns 127.0.0.1 or ::1 into: the first loopback address of the list, else the first one. */
export function localhostOf(family: "ip4" | "ip6", addresses: readonly string[]): string | undefined {
  // Of IPv6 the kernel takes ::1 alone for a loopback address, so that ::2 has to stand first to be the jail's localhost.
  const local = family === "ip4" ? addresses.find(isLoopback4) : addresses.find((address) => address === "::1");
  return local ?? addresses[0];
}

/** Whether an address can be a localhost of a jail's own: not open to the network. An alias of lo0 by convention for IPv6. */
function isLocal(family: "ip4" | "ip6", address: string): boolean {
  return family === "ip4" ? isLoopback4(address) : /^::[0-9a-f]{1,4}$/.test(address);
}

/**
 * Jails that share their localhost on DragonFly BSD: with the host, with another jail, or with the network because theirs
 * is an external address. There each jail should have one loopback and one external address of each family; see `jail(8)`,
 * `jail.defaults.allow_listen_override`.
 *
 * @param jails all jails of the host, addresses in the kernel's order
 */
export function sharedLocalhosts(jails: readonly JailAddresses[]): SharedLocalhost[] {
  const found: SharedLocalhost[] = [];
  for (const family of ["ip4", "ip6"] as const) {
    const example = family === "ip4" ? "127.0.0.2" : "::2";
    const first = family === "ip4" ? "" : " as the first of its IPv6 addresses";
    const advice = `give it a loopback address of its own${first} (ifconfig lo0 ${family === "ip4" ? "inet" : "inet6"} ${example} alias)`;
    const localhosts = jails.map((jail) => ({ jid: jail.jid, address: localhostOf(family, jail[`${family}.addr`]) }));
    for (const { jid, address } of localhosts) {
      if (address === undefined) continue;
      const own = family === "ip4" ? "127.0.0.1" : "::1";
      const others = localhosts
        .filter((other) => other.jid !== jid && other.address === address)
        .map((other) => other.jid);
      const sharers = [...(address === own ? (["host"] as const) : []), ...others];
      const external = !isLocal(family, address);
      if (sharers.length === 0 && !external) continue;
      const words = sharers.map((sharer) => (sharer === "host" ? "the host" : `jail ${sharer}`));
      const why = [
        ...(words.length > 0 ? [`shares its localhost ${address} with ${words.join(", ")}`] : []),
        ...(external ? [`has the external address ${address} for its localhost`] : []),
      ].join(" and ");
      found.push({ jid, family, address, with: sharers, message: `jail ${jid} ${why}: ${advice}` });
    }
  }
  return found;
}

import { isIPv4, isIPv6 } from "node:net";
import type { InterfaceAddress } from "../tables.js";
import { fail, findJail, ok, type ProgramAnswer, type ProgramWorld } from "./answer.js";
import type { World, WorldInterface } from "./world.js";

const MAXIMUM_NAME = 15;

/** The simulated ifconfig(8): aliases, clones, names, moves between network stacks, lists. */
export function ifconfig(args: readonly string[], view: ProgramWorld): ProgramAnswer {
  let stack = 0;
  let rest = [...args];
  if (rest[0] === "-j") {
    const jail = findJail(view.jails, rest[1] ?? "");
    if (typeof jail === "string") return fail(`ifconfig: ${jail}`);
    if (jail.vnet) stack = jail.jid;
    rest = rest.slice(2);
  }
  const { world } = view;
  if (stack !== 0 && !world.interfaces.some((entry) => entry.vnet === stack && entry.name === "lo0")) {
    // Every network stack has a loopback interface of its own, made with it.
    world.interfaces.unshift({ name: "lo0", vnet: stack, home: stack, driver: "lo", up: false, addresses: [] });
  }
  const here = () => world.interfaces.filter((entry) => entry.vnet === stack);
  if (rest[0] === "-l")
    return ok(
      `${here()
        .map((entry) => entry.name)
        .join(" ")}\n`,
    );
  if (rest[0] === "-g") {
    const group = rest[1] ?? "";
    const members = here().filter((entry) => entry.driver === group || entry.groups?.includes(group));
    return ok(members.map((entry) => `${entry.name}\n`).join(""));
  }
  if (rest.length === 0 || rest[0] === "-a") return ok(here().map(describe).join(""));
  const [name = "", ...words] = rest;
  if (words[0] === "create") return create(world, stack, name);
  const entry = here().find((candidate) => candidate.name === name);
  if (entry === undefined) return fail(`ifconfig: interface ${name} does not exist`);
  if (words.length === 0) return ok(describe(entry));
  if (words[0] === "destroy") return destroy(world, entry);
  if (words[0] === "vnet" || words[0] === "-vnet") return fail(`ifconfig: ${words[0]}: bad value`);
  return change(entry, words, world);
}

/** `ifconfig IF vnet JAIL` and `-vnet`, which look at two network stacks. */
export function moveInterface(args: readonly string[], view: ProgramWorld): ProgramAnswer | undefined {
  const [name = "", verb, word = ""] = args;
  if (verb !== "vnet" && verb !== "-vnet") return undefined;
  const { world } = view;
  if (verb === "vnet") {
    const entry = world.interfaces.find((candidate) => candidate.name === name && candidate.vnet === 0);
    if (entry === undefined) return fail(`ifconfig: interface ${name} does not exist`);
    const jail = findJail(view.jails, word);
    if (typeof jail === "string") return fail(`ifconfig: ${jail}`);
    if (!jail.vnet) return fail("ifconfig: SIOCSIFVNET: File exists");
    relocate(world, entry, jail.jid);
    return ok();
  }
  const jail = findJail(view.jails, word);
  if (typeof jail === "string") return fail(`ifconfig: ${jail}`);
  const entry = world.interfaces.find((candidate) => candidate.name === name && candidate.vnet === jail.jid);
  if (entry === undefined) return fail(`ifconfig: SIOCSIFRVNET(${jail.jid}, ${name}): Device not configured`);
  relocate(world, entry, 0);
  return ok();
}

function relocate(world: World, entry: WorldInterface, vnet: number): void {
  entry.vnet = vnet;
  entry.addresses = [];
  entry.up = false;
  world.interfaces = [...world.interfaces.filter((other) => other !== entry), entry];
}

function create(world: World, stack: number, name: string): ProgramAnswer {
  // A clone keeps its unit when it gets another name.
  const taken = new Set(world.interfaces.flatMap((entry) => [entry.name, entry.born ?? entry.name]));
  const driver = /^[a-z]+/.exec(name)?.[0] ?? "";
  if (!["lo", "epair", "bridge", "tap", "tun", "vlan"].includes(driver)) {
    return fail(`ifconfig: SIOCIFCREATE2 (${name}): Invalid argument`);
  }
  const wanted = name.slice(driver.length);
  let unit = wanted === "" ? 0 : Number(wanted);
  const first = (number: number) => (driver === "epair" ? `epair${number}a` : `${driver}${number}`);
  if (wanted === "") while (taken.has(first(unit))) unit++;
  if (taken.has(first(unit))) return fail(`ifconfig: interface ${name} already exists`);
  const entry = (own: string, peer?: string): WorldInterface => ({
    name: own,
    born: own,
    vnet: stack,
    driver,
    up: false,
    addresses: [],
    ...(stack === 0 ? {} : { home: stack }),
    ...(peer === undefined ? {} : { peer }),
  });
  if (driver === "epair")
    world.interfaces.push(entry(first(unit), `epair${unit}b`), entry(`epair${unit}b`, first(unit)));
  else world.interfaces.push(entry(first(unit)));
  return ok(wanted === "" ? `${first(unit)}\n` : "");
}

function destroy(world: World, entry: WorldInterface): ProgramAnswer {
  if (entry.driver === "physical") return fail("ifconfig: SIOCIFDESTROY: Invalid argument");
  world.interfaces = world.interfaces.filter(
    (other) => other !== entry && (entry.peer === undefined || other.name !== entry.peer),
  );
  return ok();
}

function describe(entry: WorldInterface): string {
  const flags = entry.up ? "1008049<UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP>" : "8008<LOOPBACK,MULTICAST>";
  const lines = [`${entry.name}: flags=${flags} metric 0 mtu ${entry.driver === "lo" ? 16384 : 1500}`];
  if (entry.description !== undefined) lines.push(`\tdescription: ${entry.description}`);
  const ordered = [...entry.addresses].sort((a, b) => a.family.localeCompare(b.family));
  for (const { family, address, prefix } of ordered) {
    const broadcast = entry.driver === "lo" ? "" : ` broadcast ${broadcastOf(address, prefix)}`;
    if (family === "inet") lines.push(`\tinet ${address} netmask 0x${maskHex(prefix)}${broadcast}`);
    else lines.push(`\tinet6 ${address} prefixlen ${prefix}`);
  }
  for (const member of entry.members ?? [])
    lines.push(`\tmember: ${member} flags=143<LEARNING,DISCOVER,AUTOEDGE,AUTOPTP>`);
  lines.push(`\tgroups: ${[entry.driver, ...(entry.groups ?? [])].join(" ")}`);
  return `${lines.join("\n")}\n`;
}

/** The last address of an address's network. */
function broadcastOf(address: string, prefix: number): string {
  const bytes = address.split(".").map(Number);
  const host = prefix === 0 ? 0xffffffff : prefix === 32 ? 0 : 0xffffffff >>> prefix;
  return bytes.map((byte, index) => (byte | (host >>> (24 - 8 * index))) & 0xff).join(".");
}

function maskHex(prefix: number): string {
  return (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0).toString(16).padStart(8, "0");
}

/** The bits of a dotted netmask; undefined where it is none. */
function dottedBits(mask: string): number | undefined {
  if (!isIPv4(mask)) return undefined;
  return mask
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("")
    .replaceAll("0", "").length;
}

interface Wanted {
  address?: InterfaceAddress;
  remove: boolean;
}

function change(entry: WorldInterface, words: readonly string[], world: World): ProgramAnswer {
  const wanted: Wanted = { remove: false };
  let printed = "";
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const value = words[at + 1] ?? "";
    if (word === "inet" || word === "inet6") {
      const address = parseAddress(word, value);
      if (typeof address === "string") return fail(`ifconfig: ${address}`);
      wanted.address = address;
      at++;
    } else if (word === "netmask" || word === "prefixlen") {
      const prefix = word === "netmask" ? dottedBits(value) : Number(value);
      if (prefix === undefined || !Number.isInteger(prefix)) return fail(`ifconfig: ${value}: bad value`);
      if (wanted.address !== undefined) wanted.address = { ...wanted.address, prefix };
      at++;
    } else if (word === "up" || word === "down") {
      entry.up = word === "up";
    } else if (word === "-alias" || word === "delete") {
      wanted.remove = true;
    } else if (word === "name") {
      if (value.length > MAXIMUM_NAME) return fail("ifconfig: ioctl SIOCSIFNAME (set name): File name too long");
      if (world.interfaces.some((other) => other.name === value && other.vnet === entry.vnet)) {
        return fail("ifconfig: ioctl SIOCSIFNAME (set name): File exists");
      }
      for (const other of world.interfaces) if (other.peer === entry.name) Object.assign(other, { peer: value });
      entry.name = value;
      printed = `${value}\n`;
      at++;
    } else if (word === "group") {
      entry.groups = [...(entry.groups ?? []), value];
      at++;
    } else if (word === "addm" || word === "deletem") {
      const problem = bridge(entry, word, value, world);
      if (problem !== undefined) return fail(`ifconfig: ${problem}`);
      at++;
    } else if (word === "description" || word === "descr") {
      entry.description = value;
      at++;
    } else if (["vhid", "pass", "advskew", "advbase", "broadcast", "mtu", "metric", "fib"].includes(word)) {
      at++;
    } else if (!["alias", "add", "-ifdisabled", "no_dad", "auto_linklocal", "anycast"].includes(word)) {
      return fail(`ifconfig: ${word}: bad value`);
    }
  }
  const { address } = wanted;
  if (address === undefined) return ok(printed);
  const others = entry.addresses.filter(
    (present) => present.family !== address.family || present.address !== address.address,
  );
  if (wanted.remove) {
    if (others.length === entry.addresses.length) {
      return fail("ifconfig: ioctl (SIOCDIFADDR): Can't assign requested address");
    }
    entry.addresses = others;
  } else {
    // One that is there already is set again, with its netmask of now.
    entry.addresses = [...others, address];
    entry.up = true;
  }
  return ok(printed);
}

/** Puts an interface into a bridge or takes it out; what is wrong with that. */
function bridge(entry: WorldInterface, verb: "addm" | "deletem", name: string, world: World): string | undefined {
  const call = verb === "addm" ? "BRDGADD" : "BRDGDEL";
  const members = entry.members ?? [];
  if (!world.interfaces.some((other) => other.name === name && other.vnet === entry.vnet)) {
    return `${call} ${name}: No such file or directory (No such interface)`;
  }
  if (verb === "addm") {
    if (members.includes(name)) return `${call} ${name}: File exists (Interface is already a member of this bridge)`;
    entry.members = [...members, name];
  } else {
    if (!members.includes(name)) return `${call} ${name}: No such file or directory`;
    entry.members = members.filter((member) => member !== name);
  }
  return undefined;
}

function parseAddress(family: "inet" | "inet6", text: string): InterfaceAddress | string {
  const [address = "", width] = text.split("/");
  const valid = family === "inet" ? isIPv4(address) : isIPv6(address);
  if (!valid) return `${text}: bad value`;
  const most = family === "inet" ? 32 : 128;
  const prefix = width === undefined ? (family === "inet" ? 32 : 128) : Number(width);
  if (!Number.isInteger(prefix)) return `${text}: bad value`;
  if (prefix > most) return `${text}: bad value (width too large)`;
  return { family, address: address.toLowerCase(), prefix };
}

import { resolve } from "node:path";
import { bytesToText } from "../../../bytes-text.js";
import { sameParameter } from "../../../conf/names.js";
import type { Machine } from "../../../machine/machine.js";
import { PSEUDO_PARAMETERS } from "../../../params/pseudo.js";
import { codeOf, strerror } from "../../../strerror.js";
import type { BaseJail } from "./model.js";
import { leadingInteger } from "./names.js";
import type { Messages } from "./output.js";

const BOOLEANS = Object.entries(PSEUDO_PARAMETERS).filter(([, kind]) => kind === "boolean");
const NUMBERS = Object.entries(PSEUDO_PARAMETERS).filter(([, kind]) => kind === "seconds" || kind === "number");

/**
 * Looks at the parameters that are jail(8)'s own, and makes of them what the steps need: addresses with an interface and
 * a mask, the lines of fstab files, the addresses of a host name.
 *
 * @param cwd where relative paths begin
 * @returns false where one of them cannot be used; it was said
 */
export async function checkParameters(
  jail: BaseJail,
  machine: Machine,
  messages: Messages,
  cwd: string,
): Promise<boolean> {
  let fine = checkValues(jail, messages);
  if (!(await addHostAddresses(jail, machine, messages))) fine = false;
  splitAddresses(jail);
  if (!(await readTables(jail, machine, messages, cwd))) fine = false;
  return fine;
}

function checkValues(jail: BaseJail, messages: Messages): boolean {
  let fine = true;
  for (const { name, values, copy } of jail.parameters) {
    const value = values.at(-1);
    if (value === undefined || copy !== undefined) continue;
    if (BOOLEANS.some(([known]) => sameParameter(known, name))) {
      // A text without a digit is read as 0 and left where it begins.
      const word = /^(true|false)$/i.test(value);
      if (word || leadingInteger(value).whole) continue;
      messages.warn(jail, `${name}: unknown boolean value "${value}"`);
      fine = false;
    } else if (NUMBERS.some(([known]) => sameParameter(known, name))) {
      if (value !== "" && leadingInteger(value).whole) continue;
      messages.warn(jail, `${name}: non-integer value "${value}"`);
      fine = false;
    }
  }
  return fine;
}

async function addHostAddresses(jail: BaseJail, machine: Machine, messages: Messages): Promise<boolean> {
  const onlyStops = jail.flags.stop && !jail.flags.start && !jail.flags.set;
  if (onlyStops && jail.find("interface") === undefined) return true;
  const hostname = jail.text("host.hostname");
  if (!jail.boolean("ip_hostname") || hostname === undefined) return true;
  try {
    for (const { family, address } of await machine.resolve(hostname)) {
      jail.add(family === 4 ? "ip4.addr" : "ip6.addr", [address]);
    }
    return true;
  } catch {
    messages.warn(jail, `host.hostname ${hostname}: Name does not resolve`);
    return false;
  }
}

function splitAddresses(jail: BaseJail): void {
  const byDefault = jail.text("interface") !== undefined;
  for (const copy of ["ip4", "ip6"] as const) {
    const addresses = jail.find(`${copy}.addr`);
    if (addresses === undefined) continue;
    addresses.values = addresses.values.map((value) => {
      const bar = value.indexOf("|");
      if (bar >= 0 || byDefault) jail.addCopy(copy, value);
      return (value.slice(bar + 1).split("/")[0] ?? "").split(" ")[0] ?? "";
    });
  }
}

async function readTables(jail: BaseJail, machine: Machine, messages: Messages, cwd: string): Promise<boolean> {
  let fine = true;
  for (const file of jail.find("mount.fstab")?.values ?? []) {
    if (file === "") continue;
    try {
      const text = bytesToText(await machine.readFile(resolve(cwd, file)));
      for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) jail.addCopy("fstab", tableLine(line));
    } catch (thrown) {
      messages.warn(jail, `mount.fstab: ${file}: ${strerror(codeOf(thrown))}`);
      fine = false;
    }
  }
  return fine;
}

/** A line of an fstab(5) file without its comment and its end; a text of C ends at a NUL. */
function tableLine(line: string): string {
  return line.replace(/[#\n\0][\s\S]*/, "");
}

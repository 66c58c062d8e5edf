/** What a machine is, as its sysctls say. */
import type { Calls } from "./calls.js";
import type { HostFacts } from "./recording.js";

async function text(calls: Calls, name: string): Promise<string> {
  const { data, error } = await calls.sysctl(name);
  if (error !== undefined) throw new Error(`${name}: ${error.code}`);
  return Buffer.from(data).toString().replace(/\0.*$/s, "");
}

async function number(calls: Calls, name: string): Promise<bigint> {
  const { data, error } = await calls.sysctl(name);
  if (error !== undefined) throw new Error(`${name}: ${error.code}`);
  return data.length === 8 ? Buffer.from(data).readBigUInt64LE() : BigInt(Buffer.from(data).readInt32LE());
}

/** What the host calls itself. @throws Error where a sysctl cannot be read. */
export async function hostFacts(calls: Calls): Promise<HostFacts> {
  return {
    osrelease: await text(calls, "kern.osrelease"),
    osreldate: Number(await number(calls, "kern.osreldate")),
    hostname: await text(calls, "kern.hostname"),
    domainname: await text(calls, "kern.domainname"),
    hostuuid: await text(calls, "kern.hostuuid"),
    hostid: Number(await number(calls, "kern.hostid")),
  };
}

/** Publishes each raw call on a `node:diagnostics_channel` TracingChannel. Costs one test while nobody subscribes. */
import { tracingChannel } from "node:diagnostics_channel";
import type { LocalKernel, RawField, RawIovec, RawKey, RawOutcome } from "./binding.js";

/** The name of the TracingChannel: subscribe with `tracingChannel("bsdjail:call")`. */
export const CALL_CHANNEL = "bsdjail:call";

/** What subscribers of {@link CALL_CHANNEL} get: one object for each call, the same at its start and its end. */
export interface CallTrace {
  /** The call: `jail_set`, `jail_get`, `jail_remove`, `jail_remove_jd`, `close`, `sysctl`, `kqueue`, `kevent`, `rctl_add_rule` and its like. */
  readonly name: string;
  /** The jail it means, by jid or name, where it means one. */
  readonly jail?: number | string;
  /** The parameters that are set or asked for, or the sysctl. */
  readonly parameters: readonly string[];
  /** At the end: the errno by name, where the kernel refused. */
  errno?: string;
  /** At the end: the milliseconds that the call took. */
  duration?: number;
}

const channel = tracingChannel<string, CallTrace>(CALL_CHANNEL);
const decoder = new TextDecoder();

type Description = Omit<CallTrace, "errno" | "duration">;

/** The names of an iovec list, and the jail that its `jid` or `name` gives. */
function describeIov(name: string, iov: RawIovec): Description {
  const parameters: string[] = [];
  // Wrong arguments are refused by the call itself.
  if (!(iov?.data instanceof Uint8Array && iov.lengths instanceof Int32Array)) return { name, parameters };
  let jail: number | string | undefined;
  let at = 0;
  for (let i = 0; i < iov.lengths.length; i += 2) {
    const [key, room] = [Math.max(iov.lengths[i] ?? 0, 0), Math.max(iov.lengths[i + 1] ?? 0, 0)];
    const parameter = decoder.decode(iov.data.subarray(at, Math.max(at, at + key - 1)));
    const value = iov.data.subarray(at + key, at + key + room);
    at += key + room;
    if (parameter === "errmsg") continue;
    parameters.push(parameter);
    if (parameter === "jid" && value.length === 4) {
      const jid = new DataView(value.buffer, value.byteOffset, 4).getInt32(0, true);
      if (jid !== 0) jail = jid;
    } else if (parameter === "name" && jail === undefined && value.length > 1 && value[0] !== 0) {
      const end = value.indexOf(0);
      jail = decoder.decode(end === -1 ? value : value.subarray(0, end));
    }
  }
  return jail === undefined ? { name, parameters } : { name, jail, parameters };
}

function describeFields(key: RawKey | undefined, fields: readonly RawField[]): Description {
  const parameters = Array.isArray(fields) ? fields.map((field) => String(field?.name)) : [];
  if (typeof key !== "object" || key === null || "desc" in key) return { name: "jail_get", parameters };
  return { name: "jail_get", jail: "jid" in key ? key.jid : key.name, parameters };
}

const set = (iov: RawIovec) => describeIov("jail_set", iov);
const get = (iov: RawIovec) => describeIov("jail_get", iov);
const remove = (jid: number) => ({ name: "jail_remove", jail: jid, parameters: [] });
const removeJd = () => ({ name: "jail_remove_jd", parameters: [] });
const close = () => ({ name: "close", parameters: [] });
const sysctl = (name: string) => ({ name: "sysctl", parameters: [name] });
const processes = () => ({ name: "sysctl", parameters: ["kern.proc"] });
const rctl = (call: string, filter: string) => ({ name: call, parameters: [filter] });
const kevent = () => ({ name: "kevent", parameters: [] });

type Methods = Exclude<keyof LocalKernel, "system" | "simulated">;
const describe: { readonly [M in Methods]: (...args: Parameters<LocalKernel[M]>) => Description } = {
  jailSet: set,
  jailSetSync: set,
  jailGet: get,
  jailGetSync: get,
  jailRead: describeFields,
  jailReadSync: describeFields,
  jailList: (fields) => describeFields(undefined, fields),
  jailListSync: (fields) => describeFields(undefined, fields),
  jailRemove: remove,
  jailRemoveSync: remove,
  jailRemoveJd: removeJd,
  jailRemoveJdSync: removeJd,
  close,
  closeSync: close,
  sysctl,
  sysctlSync: sysctl,
  sysctlWalk: sysctl,
  sysctlWalkSync: sysctl,
  processes,
  processesSync: processes,
  rctl,
  rctlSync: rctl,
  eventsOpen: () => ({ name: "kqueue", parameters: [] }),
  eventsAddJail: (_queue, jid) => ({ name: "kevent", jail: jid, parameters: [] }),
  eventsAddDescriptor: kevent,
  eventsNext: kevent,
  eventsClose: close,
};

type Call = (...args: never[]) => unknown;

function finish(trace: CallTrace, began: number, outcome: unknown): void {
  trace.duration = performance.now() - began;
  const error = (outcome as RawOutcome).error;
  if (error !== undefined) trace.errno = error.code;
}

function published(call: Call, description: Description, args: never[], sync: boolean): unknown {
  const trace: CallTrace = { ...description };
  const began = performance.now();
  if (sync) {
    return channel.traceSync(() => {
      const outcome = call(...args);
      finish(trace, began, outcome);
      return outcome;
    }, trace);
  }
  return channel.tracePromise(async () => {
    const outcome = await call(...args);
    finish(trace, began, outcome);
    return outcome;
  }, trace);
}

/** The same kernel, each call visible on {@link CALL_CHANNEL}. */
export function traced(kernel: LocalKernel): LocalKernel {
  const watched: Record<string, unknown> = { system: kernel.system, simulated: kernel.simulated };
  for (const method of Object.keys(describe) as Methods[]) {
    const call = (kernel[method] as Call).bind(kernel);
    const description = describe[method] as (...args: never[]) => Description;
    const sync = method.endsWith("Sync");
    watched[method] = (...args: never[]) =>
      channel.hasSubscribers ? published(call, description(...args), args, sync) : call(...args);
  }
  return watched as unknown as LocalKernel;
}

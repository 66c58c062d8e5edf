import { JailParameterError } from "../errors.js";

/** What the kernel counts, `rctl(8)`: in seconds, bytes, pieces, per cent of a processor, or bytes and operations a second. */
const JAIL_RESOURCES = [
  "cputime",
  "datasize",
  "stacksize",
  "coredumpsize",
  "memoryuse",
  "memorylocked",
  "maxproc",
  "openfiles",
  "vmemoryuse",
  "pseudoterminals",
  "swapuse",
  "nthr",
  "msgqqueued",
  "msgqsize",
  "nmsgq",
  "nsem",
  "nsemop",
  "nshm",
  "shmsize",
  "wallclock",
  "pcpu",
  "readbps",
  "writebps",
  "readiops",
  "writeiops",
] as const;

/** A resource that the kernel counts. */
export type JailResource = (typeof JAIL_RESOURCES)[number];

/** What happens at a limit: the allocation is refused, said, told to devd(8), slowed down, or a signal is sent. `rctl(8)`. */
export type JailLimitAction = "deny" | "log" | "devctl" | "throttle" | `sig${string}`;

/** Whom an amount is meant for: the jail as a whole, or each process, user or login class in it. */
export type JailLimitPer = "jail" | "process" | "user" | "loginclass";

/** A limit on what a jail uses. */
export interface JailLimit {
  readonly resource: JailResource;
  /** What happens where the use comes to the amount. */
  readonly action: JailLimitAction;
  /** In the resource's unit; a text may end in K, M, G or T, of 1024 each. What the kernel tells is a number, or a bigint beyond 2^53. */
  readonly amount: number | bigint | string;
  /** Default `"jail"`. */
  readonly per?: JailLimitPer | undefined;
}

/** A limit as the kernel tells it. */
export interface JailLimitInForce extends JailLimit {
  /** In the resource's unit; a bigint beyond 2^53. */
  readonly amount: number | bigint;
  readonly per: JailLimitPer;
}

const PER: readonly string[] = ["jail", "process", "user", "loginclass"];
const SIGNALS =
  "hup int quit ill trap abrt emt fpe kill bus segv sys pipe alrm term urg stop tstp chld ttin ttou io xcpu xfsz vtalrm prof winch info usr1 usr2 thr";
const ACTIONS: readonly string[] = [
  "deny",
  "log",
  "devctl",
  "throttle",
  ...SIGNALS.split(" ").map((name) => `sig${name}`),
];
/** Resources whose use cannot be refused, and those alone that can be slowed down. */
const UNDENIABLE: readonly string[] = ["cputime", "wallclock", "readbps", "writebps", "readiops", "writeiops"];
const THROTTLED: readonly string[] = ["readbps", "writebps", "readiops", "writeiops"];
const SUFFIXES = "kmgt";
const MOST = 2n ** 63n - 1n;

function oneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  throw new JailParameterError(name, value, `it is one of ${allowed.join(", ")}`);
}

/** An amount as the kernel takes it. @throws JailParameterError */
function amountOf(amount: number | bigint | string): bigint {
  const [, digits, suffix = ""] = /^(\d+)([kmgt]?)$/i.exec(String(amount)) ?? [];
  if (digits === undefined)
    throw new JailParameterError("amount", amount, "it is a whole number from 0, which may end in K, M, G or T");
  const power = suffix === "" ? 0 : SUFFIXES.indexOf(suffix.toLowerCase()) + 1;
  const whole = BigInt(digits) * 1024n ** BigInt(power);
  if (whole > MOST) throw new JailParameterError("amount", amount, `it is at most ${MOST}`);
  return whole;
}

function plain(limit: unknown): void {
  if (typeof limit === "object" && limit !== null) return;
  throw new JailParameterError(
    "limit",
    limit,
    'it must be an object: { resource: "maxproc", action: "deny", amount: 100 }',
  );
}

/** Checks the parts of a limit that are there. @throws JailParameterError */
export function checkLimit(limit: Partial<JailLimit>): void {
  plain(limit);
  const { resource, action, amount, per } = limit;
  if (resource !== undefined) oneOf("resource", resource, JAIL_RESOURCES);
  if (action !== undefined) oneOf("action", action, ACTIONS);
  if (per !== undefined) oneOf("per", per, PER);
  if (amount !== undefined) amountOf(amount);
}

/** What the kernel would refuse of a limit without a word. @throws JailParameterError */
export function checkNewLimit(limit: JailLimit): void {
  plain(limit);
  for (const name of ["resource", "action", "amount"] as const) {
    if (limit[name] === undefined) throw new JailParameterError(name, undefined, "a limit needs it");
  }
  checkLimit(limit);
  const { resource, action } = limit;
  if (action === "deny" && UNDENIABLE.includes(resource))
    throw new JailParameterError(
      "action",
      action,
      `the use of ${resource} cannot be refused: log, devctl, a signal or throttle`,
    );
  if (action === "throttle" && !THROTTLED.includes(resource))
    throw new JailParameterError("action", action, `only ${THROTTLED.join(", ")} can be slowed down`);
}

/** A limit, or a filter of limits, as rctl(2) takes it. */
export function ruleText(
  jail: string,
  { resource = "" as JailResource, action, amount, per }: Partial<JailLimit>,
): string {
  const end = amount === undefined ? "" : `=${amountOf(amount)}`;
  return `jail:${jail}:${resource}:${action ?? ""}${end}${per === undefined ? "" : `/${per}`}`;
}

/** The limits of an answer of rctl(2). */
export function parseRules(text: string): JailLimitInForce[] {
  return text.split(",").flatMap((rule) => {
    const [, resource, action, digits, per = "jail"] = /^jail:[^:]*:(\w+):(\w+)=(\d+)(?:\/(\w+))?$/.exec(rule) ?? [];
    if (digits === undefined) return [];
    const amount = Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);
    return [{ resource, action, amount, per } as JailLimitInForce];
  });
}

/** What a jail uses now, by resource. */
export type JailUsage = { readonly [Resource in JailResource]: number };

/** The amounts of an answer of rctl(2). */
export function parseUsage(text: string): JailUsage {
  const usage: Record<string, number> = Object.fromEntries(JAIL_RESOURCES.map((resource) => [resource, 0]));
  for (const part of text.split(",")) {
    const [, resource = "", amount] = /^(\w+)=(-?\d+)$/.exec(part) ?? [];
    if (amount !== undefined) usage[resource] = Number(amount);
  }
  return usage as JailUsage;
}

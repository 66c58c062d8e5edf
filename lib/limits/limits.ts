import type { RawRctlCall, RawRctlOutcome } from "../binding.js";
import { type CallOptions, checked } from "../call.js";
import { JailParameterError, JailStateError } from "../errors.js";
import type { JailHost } from "../host.js";
import {
  checkLimit,
  checkNewLimit,
  type JailLimit,
  type JailLimitInForce,
  type JailUsage,
  parseRules,
  parseUsage,
  ruleText,
} from "./rule.js";

/** Options of {@link JailLimits.add}. */
export interface AddLimitOptions extends CallOptions {
  /**
   * The limit stays when the jail is removed, for a jail of the same name that comes after it. Default false: it leaves
   * when this program removes the jail.
   */
  readonly stays?: boolean | undefined;
}

/** The jail whose limits are meant: its name as the kernel has it now. Rejects where the jail is gone. */
export type LimitedJail = (options: CallOptions) => Promise<string>;

/** Takes the kernel's answer; one that counts nothing is told in words. */
function answer(host: JailHost, outcome: RawRctlOutcome, jail: string): RawRctlOutcome {
  if (outcome.error?.code !== "ENOSYS") return checked(outcome, jail);
  throw new JailStateError(
    "ERR_JAIL_NO_RACCT",
    host.kernel.system === "dragonfly"
      ? "DragonFly's kernel does not count what jails use: there is no rctl(2)"
      : "the kernel does not count what jails use: put kern.racct.enable=1 into /boot/loader.conf and start the system again",
  );
}

async function call(host: JailHost, name: RawRctlCall, filter: string, jail: string, options: CallOptions) {
  return answer(host, await host.kernel.rctl(name, filter, options), jail);
}

/** A rule begins with the jail's name, and ends a part at each colon. */
function checkName(name: string): void {
  if (/[:,]/.test(name))
    throw new JailParameterError("name", name, "rctl(2) takes no jail whose name has a colon or a comma");
}

/** Limits on what a jail may use, by RACCT and RCTL (`kern.racct.enable`). `rctl(8)`, `rctl_add_rule(2)`. */
export class JailLimits {
  readonly #host: JailHost;
  readonly #jid: number;
  readonly #jail: LimitedJail;

  /** @internal */
  constructor(host: JailHost, jid: number, jail: LimitedJail) {
    this.#host = host;
    this.#jid = jid;
    this.#jail = jail;
  }

  /** The limits that are set on the jail's name, by whomever, the newest first. */
  async get(options: CallOptions = {}): Promise<JailLimitInForce[]> {
    const name = await this.#name(options);
    return parseRules((await call(this.#host, "rctl_get_rules", `jail:${name}`, name, options)).text);
  }

  /**
   * Sets a limit. One that refuses (`deny`) takes the place of another on the same resource. Rejects with a
   * JailParameterError before anything is asked of the kernel, which would take limits of jails that do not exist.
   */
  async add(limit: JailLimit, options: AddLimitOptions = {}): Promise<void> {
    checkNewLimit(limit);
    const name = await this.#name(options);
    const rule = ruleText(name, limit);
    await call(this.#host, "rctl_add_rule", rule, name, options);
    if (!options.stays) {
      const { limits } = this.#host;
      limits.set(this.#jid, (limits.get(this.#jid) ?? new Set()).add(rule));
    }
    try {
      await this.#jail(options);
    } catch (error) {
      // It went meanwhile: nothing stays behind.
      await releaseLimits(this.#host, this.#jid);
      throw error;
    }
  }

  /** Takes limits away: those that have what is given, or all. Resolves with whether there were any. */
  async remove(which: Partial<JailLimit> = {}, options: CallOptions = {}): Promise<boolean> {
    checkLimit(which);
    const name = await this.#name(options);
    const outcome = await this.#host.kernel.rctl("rctl_remove_rule", ruleText(name, which), options);
    if (outcome.error?.code === "ESRCH") return false;
    answer(this.#host, outcome, name);
    return true;
  }

  async #name(options: CallOptions): Promise<string> {
    const name = await this.#jail(options);
    checkName(name);
    return name;
  }
}

/** What a jail and the jails inside it use now. */
export async function usageOf(host: JailHost, jail: LimitedJail, options: CallOptions): Promise<JailUsage> {
  const name = await jail(options);
  checkName(name);
  return parseUsage((await call(host, "rctl_get_racct", `jail:${name}`, name, options)).text);
}

/** Takes away the limits that this program has set on a jail that is no more, but for those that stay. */
export async function releaseLimits(host: JailHost, jid: number): Promise<void> {
  // Somebody else may have taken one away.
  for (const rule of forget(host, jid)) await host.kernel.rctl("rctl_remove_rule", rule);
}

/** {@link releaseLimits}, at once. */
export function releaseLimitsSync(host: JailHost, jid: number): void {
  for (const rule of forget(host, jid)) host.kernel.rctlSync("rctl_remove_rule", rule);
}

function forget(host: JailHost, jid: number): Iterable<string> {
  const rules = host.limits.get(jid) ?? [];
  host.limits.delete(jid);
  return rules;
}

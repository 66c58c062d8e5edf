import type { InterfaceEntry } from "../../machine/tables.js";
import { parseInterfaces } from "../../machine/tables.js";
import { aliasArgv, canonicalAddress, prefixOf } from "../address.js";
import type { AliasThing } from "../ledger/thing.js";
import type { AliasSpec } from "../spec.js";
import { type Action, type ActionResult, expectSuccess, type StepContext, StepError, type StepKind } from "./kind.js";
import type { StepRow } from "./table.js";

function action(row: StepRow, direction: "up" | "down", alias: AliasSpec): Action {
  return {
    step: row.name,
    direction,
    where: "host",
    argv: aliasArgv(alias, direction === "up" ? "alias" : "-alias"),
    text: "",
    thing: { kind: "alias", step: row.name, alias },
  };
}

/** What an alias is known by among jails: the interface and the address, whatever its netmask. */
export function aliasKey(alias: AliasSpec): string {
  return `alias ${alias.interface}|${canonicalAddress(alias.address)}`;
}

/** The interfaces of the host's own network stack. */
export async function hostInterfaces(context: Pick<StepContext, "run">): Promise<readonly InterfaceEntry[]> {
  const result = await context.run({ argv: ["/sbin/ifconfig", "-a"] });
  expectSuccess(result);
  return parseInterfaces(result.stdout);
}

/** The address as the interface has it now. */
function present(interfaces: readonly InterfaceEntry[], alias: AliasSpec) {
  const wanted = canonicalAddress(alias.address);
  return interfaces
    .find((entry) => entry.name === alias.interface)
    ?.addresses.find((entry) => entry.family === alias.family && canonicalAddress(entry.address) === wanted);
}

/** Other jails, whoever started them, that the kernel lets use the address. */
async function otherJails(context: StepContext, alias: AliasSpec): Promise<string[]> {
  const wanted = canonicalAddress(alias.address);
  const names: string[] = [];
  for (const jail of await context.jails.list()) {
    if (jail.name === context.spec.name || jail.dying) continue;
    const own = alias.family === "inet" ? jail.ip4 : jail.ip6;
    if (own.some((address) => canonicalAddress(address) === wanted)) names.push(jail.name);
  }
  return names;
}

async function make(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as AliasThing;
  const { alias } = thing;
  const key = aliasKey(alias);
  const jail = context.spec.name;
  const lock = await context.books.lockShared(key, `alias for ${jail}`, { signal: context.signal });
  try {
    const there = present(await hostInterfaces(context), alias);
    const { made, others } = await context.uses.look(key, jail);
    const entry = context.ledger.find(thing) ?? (await context.ledger.intend(thing));
    await context.uses.enter(key, jail, there === undefined || made);
    let done: ActionResult;
    // An alias of ours alone is given the netmask that it is to have now.
    const again = made && others.length === 0 && there?.prefix !== prefixOf(alias);
    if (there === undefined || again) {
      const result = await context.run({ argv: act.argv });
      expectSuccess(result);
      done = { result };
    } else {
      const differs = there.prefix === prefixOf(alias) ? "" : ` with a netmask of ${there.prefix} bits, which is kept`;
      done = { note: `${alias.address} is on ${alias.interface} already${differs}` };
    }
    await context.ledger.made(entry);
    return done;
  } finally {
    await lock.release();
  }
}

async function take(context: StepContext, act: Action): Promise<ActionResult> {
  const thing = act.thing as AliasThing;
  const { alias } = thing;
  const key = aliasKey(alias);
  const jail = context.spec.name;
  const entry = context.ledger.find(thing);
  const lock = await context.books.lockShared(key, `alias for ${jail}`);
  try {
    const { made, others } = await context.uses.look(key, jail);
    const finish = async (note: string | undefined, removed: boolean, result?: ActionResult["result"]) => {
      await context.uses.leave(key, jail, removed);
      if (entry !== undefined) await context.ledger.gone(entry);
      return { ...(note === undefined ? {} : { note }), ...(result === undefined ? {} : { result }) };
    };
    if (others.length > 0) return await finish(`${alias.address} stays: ${others.join(", ")} use it too`, false);
    if (!made && !context.assumeOurs)
      return await finish(`${alias.address} stays: it was on ${alias.interface} before`, false);
    const foreign = await otherJails(context, alias);
    if (foreign.length > 0) {
      return await finish(`${alias.address} stays: ${foreign.join(", ")}, started by others, use it`, true);
    }
    const interfaces = await hostInterfaces(context);
    if (present(interfaces, alias) === undefined) return await finish(`${alias.address} is gone already`, true);
    const result = await context.run({ argv: act.argv });
    if (result.status !== 0 && present(await hostInterfaces(context), alias) !== undefined) expectSuccess(result);
    return await finish(undefined, true, result);
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw new StepError("EIO", `${act.argv.join(" ")}: ${(error as Error).message}`, { cause: error });
  } finally {
    await lock.release();
  }
}

/** `ip4.addr` and `ip6.addr` with an interface. An alias that others use too, or that was there before, stays. */
export const aliasKind: StepKind = {
  up: (spec, row) =>
    spec.aliases
      .filter((alias) => alias.family === (row.name === "ip4.addr" ? "inet" : "inet6"))
      .map((alias) => action(row, "up", alias)),
  down: (_spec, row, things) => things.map((thing) => action(row, "down", (thing as AliasThing).alias)),
  make,
  take,
};

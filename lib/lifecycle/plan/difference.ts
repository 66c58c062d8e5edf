import type { MountEntry } from "../../machine/machine.js";
import { runProgram } from "../../machine/run.js";
import type { InterfaceEntry } from "../../machine/tables.js";
import { SHARED_PARAMETERS } from "../../params/pseudo.js";
import { canonicalAddress, prefixOf } from "../address.js";
import type { Engine } from "../engine/context.js";
import type { Ledger } from "../ledger/ledger.js";
import { type Thing, thingName } from "../ledger/thing.js";
import type { ParameterDifference, RunningJail } from "../port.js";
import type { JailSpec } from "../spec.js";
import { aliasKey, hostInterfaces } from "../steps/alias.js";
import { sameSource, truePath } from "../steps/mounts.js";
import { UP } from "../steps/table.js";
import { pseudoName } from "../values.js";

/** How a running jail differs from its definition. */
export interface JailDifference {
  /** Parameters that the kernel takes only when the jail is made. */
  readonly fixed: readonly ParameterDifference[];
  /** Parameters that can be changed while it runs. */
  readonly live: readonly ParameterDifference[];
  /** Things that the definition wants and that were never made. */
  readonly adds: readonly Thing[];
  /** Things that were made and that the definition does not want any more. */
  readonly drops: readonly Thing[];
  /** Things that were made, are wanted, and are not on the machine: somebody took them away. */
  readonly missing: readonly Thing[];
}

/** The machine's tables, looked at once for all jails of a plan. */
export class MachineView {
  readonly #engine: Engine;
  #interfaces: Promise<readonly InterfaceEntry[]> | undefined;
  #mounts: Promise<readonly MountEntry[]> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  interfaces(): Promise<readonly InterfaceEntry[]> {
    const { machine, signal } = this.#engine;
    this.#interfaces ??= hostInterfaces({ run: ({ argv }) => runProgram(machine, { argv }, { signal }) });
    return this.#interfaces;
  }

  mounts(): Promise<readonly MountEntry[]> {
    this.#mounts ??= this.#engine.machine.mounts({ signal: this.#engine.signal });
    return this.#mounts;
  }

  /** Whether a thing is on the machine as it is wanted. What cannot be seen from outside counts as there. */
  async shows(thing: Thing, jail: string): Promise<boolean> {
    if (thing.kind === "alias") {
      const { alias } = thing;
      const address = canonicalAddress(alias.address);
      const there = (await this.interfaces())
        .find((entry) => entry.name === alias.interface)
        ?.addresses.find((entry) => entry.family === alias.family && canonicalAddress(entry.address) === address);
      if (there === undefined) return false;
      if (there.prefix === prefixOf(alias)) return true;
      // The netmask of an address that is not ours alone is left as it is.
      const { made, others } = await this.#engine.uses.look(aliasKey(alias), jail);
      return !made || others.length > 0;
    }
    if (thing.kind === "mount") {
      const { mount } = thing;
      const place = await truePath(this.#engine, mount.target);
      const source = mount.source.startsWith("/") ? await truePath(this.#engine, mount.source) : mount.source;
      return (await this.mounts()).some((entry) => entry.target === place && sameSource(entry, mount, source));
    }
    if (thing.kind === "interface") return !(await this.interfaces()).some((entry) => entry.name === thing.name);
    return true;
  }
}

/** Everything that a start would make besides the jail. */
function wantedThings(spec: JailSpec): Thing[] {
  return UP.flatMap((row) => row.kind.up(spec, row))
    .map((action) => action.thing)
    .filter((thing): thing is Thing => thing !== undefined && thing.kind !== "jail");
}

/** Compares a running jail with its definition, its ledger and the machine. */
export async function compare(
  engine: Engine,
  view: MachineView,
  spec: JailSpec,
  ledger: Ledger,
  running: RunningJail,
): Promise<JailDifference> {
  const { persist: _on, nopersist: _off, name: _name, jid: _jid, ...parameters } = spec.parameters;
  const differences = await engine.jails.differences(
    running.jid,
    spec.persist ? { ...parameters, persist: true } : parameters,
    { signal: engine.signal },
  );
  const wanted = new Map(wantedThings(spec).map((thing) => [thingName(thing), thing]));
  const have = new Map(
    ledger.state.entries
      .filter(({ thing }) => thing.kind !== "jail")
      .map(({ thing }) => [thingName(thing), thing] as const),
  );
  const adds: Thing[] = [];
  const missing: Thing[] = [];
  for (const [name, thing] of wanted) {
    const shown = await view.shows(thing, spec.name);
    if (have.has(name)) {
      if (!shown) missing.push(thing);
      // A jail that others started has its things without a ledger.
    } else if (ledger.exists || !shown) adds.push(thing);
  }
  const dropped = await droppedParameters(engine, spec, ledger, running.jid);
  const all = [...differences, ...dropped];
  return {
    fixed: await withoutSamePath(
      engine,
      all.filter((difference) => difference.fixed),
    ),
    live: all.filter((difference) => !difference.fixed),
    adds,
    drops: [...have].filter(([name]) => !wanted.has(name)).map(([, thing]) => thing),
    missing,
  };
}

/** A name without the `no` before its last component. */
const plainName = (name: string) => name.replace(/(^|\.)no([^.]*)$/, "$1$2");

/**
 * Parameters that the jail was started with and that are not defined any more. What the kernel would give it without
 * them is known only when a jail is made; a key of `meta` or `env` is just taken away.
 */
async function droppedParameters(
  engine: Engine,
  spec: JailSpec,
  ledger: Ledger,
  jid: number,
): Promise<ParameterDifference[]> {
  const recorded = ledger.state.definition?.parameters ?? {};
  const defined = new Set(Object.keys(spec.parameters).flatMap((name) => [name, plainName(name)]));
  const shared: readonly string[] = SHARED_PARAMETERS;
  const dropped = Object.keys(recorded).filter(
    (name) =>
      !["name", "jid", "persist", "nopersist"].includes(name) &&
      (shared.includes(name) || pseudoName(name) === undefined) &&
      !defined.has(name) &&
      !defined.has(plainName(name)),
  );
  if (dropped.length === 0) return [];
  const running = await engine.jails.get(jid, dropped, { signal: engine.signal });
  return dropped
    .filter((parameter) => running[parameter] !== undefined)
    .map((parameter) => {
      const keyed = /^(meta|env)\../.test(parameter);
      return { parameter, wanted: keyed ? null : undefined, running: running[parameter], fixed: !keyed };
    });
}

/** The kernel keeps a jail's true path, whatever links were given. */
async function withoutSamePath(
  engine: Engine,
  differences: readonly ParameterDifference[],
): Promise<readonly ParameterDifference[]> {
  const path = differences.find(({ parameter }) => parameter === "path");
  if (path === undefined) return differences;
  const [wanted, running] = await Promise.all(
    [path.wanted, path.running].map((value) => truePath(engine, String(value))),
  );
  return wanted === running ? differences.filter((difference) => difference !== path) : differences;
}

/** Whether there is nothing to change. */
export function isSame(difference: JailDifference): boolean {
  return Object.values(difference).every((list: readonly unknown[]) => list.length === 0);
}

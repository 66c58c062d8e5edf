/**
 * Random scenarios: sequences of calls in a small world of names, jids and addresses, so that jails meet, nest, clash,
 * die and are watched by others than the superuser. The same seed gives the same sequence.
 */
import {
  JAIL_AT_DESC,
  JAIL_ATTACH,
  JAIL_CREATE,
  JAIL_DYING,
  JAIL_GET_DESC,
  JAIL_OWN_DESC,
  JAIL_UPDATE,
  JAIL_USE_DESC,
} from "../../../lib/binding.js";
import type { Param, Reference, Scenario, Step } from "../recording.js";
import { Dice } from "./dice.js";
import { type Ability, errmsg, KEYS, RandomParameters } from "./parameters.js";

const NAMES = ["a", "b", "c", "d"];
const ODD_NAMES = [
  "",
  "0",
  "7",
  "007",
  "7001",
  "12x",
  "-1",
  " 5",
  "+8",
  "a.",
  ".a",
  "a..b",
  "0.a",
  "a.7",
  "18446744073709551617",
];
const JIDS = [7, 7001, 50001, 50002];
const ODD_JIDS = [0, -1, 999_998, 999_999, 1_000_000, 2_147_483_647, -2_147_483_648];
const READS: readonly Param[] = [
  ["jid", "out", 4],
  ["parent", "out", 4],
  ["name", "out", 256],
  ["path", "out", 1024],
  ["host.hostname", "out", 256],
  ["host.domainname", "out", 256],
  ["host.hostuuid", "out", 64],
  ["host.hostid", "out", 8],
  ["host", "out", 4],
  ["ip4.addr", "out", 64],
  ["ip6.addr", "out", 256],
  ["ip4", "out", 4],
  ["ip6", "out", 4],
  ["ip4.saddrsel", "out", 4],
  ["ip6.nosaddrsel", "out", 4],
  ["vnet", "out", 4],
  ["securelevel", "out", 4],
  ["enforce_statfs", "out", 4],
  ["devfs_ruleset", "out", 4],
  ["children.cur", "out", 4],
  ["children.max", "out", 4],
  ["persist", "out", 4],
  ["nopersist", "out", 4],
  ["dying", "out", 4],
  ["nodying", "out", 4],
  ["osrelease", "out", 32],
  ["osreldate", "out", 4],
  ["sysvmsg", "out", 4],
  ["sysvsem", "out", 4],
  ["sysvshm", "out", 4],
];
/** Sizes with which a kernel may disagree. */
const SIZES = [0, 1, 3, 4, 5, 8, 16, 32, 256, 1024, 4096];
/** Sysctls that say something of the jail of whoever asks. */
const SYSCTLS = ["jailed", "vnet", "enforce_statfs", "devfs_ruleset", "set_hostname_allowed", "sysvipc_allowed"];
const SYSCTLS_15 = ["children.cur", "children.max", "env", "meta_maxbufsize"];

/** A jail that is thought to exist, as the process that does the steps sees it. */
interface Known {
  /** What its jid was saved as. */
  readonly save: string;
  readonly name: string;
  /** It may have jails inside. */
  readonly roomy: boolean;
}

/** Steps one after another, as one process does them. */
class Generator {
  readonly #dice: Dice;
  readonly #ability: Ability;
  readonly #parameters: RandomParameters;
  /** What the process that does the steps has made, as far as it is known, and the jids of all that it has tried to. */
  #known: Known[] = [];
  #jids: string[] = [];
  #descriptors: string[] = [];
  #counter = 0;

  constructor(seed: number, ability: Ability) {
    this.#dice = new Dice(seed);
    this.#ability = ability;
    this.#parameters = new RandomParameters(this.#dice, ability);
  }

  steps(count: number, depth: number): Step[] {
    const steps: Step[] = [];
    for (let i = 0; i < count; i++) steps.push(this.#step(depth));
    return steps;
  }

  #step(depth: number): Step {
    const dice = this.#dice;
    const roll = dice.below(100);
    if (this.#known.length === 0 && roll < 60) return this.#create(depth);
    if (roll < 28) return this.#create(depth);
    if (roll < 50) return this.#update(depth);
    if (roll < 66) return this.#get();
    if (roll < 70) return this.#remove();
    if (roll < 80 && depth < 3) return this.#inside(depth);
    if (roll < 84) return dice.chance(60) ? { op: "hold", jid: this.#jid() } : { op: "release" };
    if (roll < 88 && this.#ability.keep && depth === 0) {
      return dice.chance(65) ? { op: "keep", jid: this.#jid() } : { op: "drop" };
    }
    if (roll < 90) return { op: "jail_attach", jid: this.#jid() };
    if (roll < 96) return this.#descriptorStep();
    return this.#sysctl(depth);
  }

  #remove(): Step {
    const gone = this.#someone();
    if (gone === undefined || this.#dice.chance(15)) return { op: "jail_remove", jid: this.#jid() };
    this.#forget(gone);
    return { op: "jail_remove", jid: `$${gone.save}` };
  }

  #someone(): Known | undefined {
    return this.#known.length === 0 ? undefined : this.#dice.pick(this.#known);
  }

  #forget(gone: Known): void {
    this.#known = this.#known.filter((one) => one !== gone && !one.name.startsWith(`${gone.name}.`));
  }

  #inside(depth: number): Step {
    const dice = this.#dice;
    const [known, jids, descriptors] = [this.#known, this.#jids, this.#descriptors];
    const where = dice.chance(75)
      ? (this.#known.find((one) => one.roomy && dice.chance(50)) ?? this.#someone())
      : undefined;
    const asUser = where === undefined && dice.chance(70);
    const jid = where === undefined ? this.#jid() : `$${where.save}`;
    [this.#jids, this.#descriptors] = [[...jids], [...descriptors]];
    // From inside, only what is below is seen, by shorter names.
    if (where !== undefined) {
      this.#known = known
        .filter(({ name }) => name.startsWith(`${where.name}.`))
        .map((one) => ({ ...one, name: one.name.slice(where.name.length + 1) }));
    }
    const steps = this.steps(1 + dice.below(5), depth + 1);
    [this.#known, this.#jids, this.#descriptors] = [known, jids, descriptors];
    return asUser ? { op: "as", uid: dice.pick(this.#ability.users), steps } : { op: "in", jid, steps };
  }

  #descriptorStep(): Step {
    if (this.#descriptors.length === 0 || !this.#ability.descriptors) return this.#get();
    const fd = `$${this.#dice.pick(this.#descriptors)}`;
    return this.#dice.chance(50) ? { op: "close", fd } : { op: "jail_remove_jd", fd };
  }

  #sysctl(depth: number): Step {
    const dice = this.#dice;
    const names = this.#ability.descriptors ? [...SYSCTLS, ...SYSCTLS_15] : SYSCTLS;
    const read: Step = { op: "sysctl", name: `security.jail.${dice.pick(names)}` };
    if (depth > 0 || dice.chance(70) || this.#ability.settings.length === 0) return read;
    const name = dice.pick(this.#ability.settings);
    const value = Buffer.alloc(4);
    value.writeInt32LE(name.endsWith("meta_maxbufsize") ? dice.pick([64, 4096, 8192]) : dice.below(3));
    return { op: "sysctl", name, value: value.toString("hex") };
  }

  #jid(): Reference {
    const dice = this.#dice;
    const known = this.#someone();
    if (known !== undefined && dice.chance(75)) return `$${known.save}`;
    if (this.#jids.length > 0 && dice.chance(80)) return `$${dice.pick(this.#jids)}`;
    return dice.chance(60) ? dice.pick(JIDS) : dice.pick(ODD_JIDS);
  }

  #name(): string {
    const dice = this.#dice;
    const known = this.#someone();
    if (known !== undefined && dice.chance(70)) return known.name;
    const roll = dice.below(100);
    if (roll < 55) return dice.pick(NAMES);
    if (roll < 85) return Array.from({ length: 2 + dice.below(2) }, () => dice.pick(NAMES)).join(".");
    if (roll < 96) return dice.pick(ODD_NAMES);
    return dice.pick(NAMES).repeat(dice.pick([30, 120, 126, 254, 255, 256, 300]));
  }

  #flags(flags: number, depth: number): number {
    const dice = this.#dice;
    let all = flags;
    if (dice.chance(12)) all |= JAIL_DYING;
    // Only a process that will end may enter a jail.
    if (depth > 0 && dice.chance(10)) all |= JAIL_ATTACH;
    if (dice.chance(1)) all |= dice.pick([0x100, 0x80000000 | 0, JAIL_USE_DESC | JAIL_AT_DESC]);
    return all;
  }

  #saved(): string {
    const name = `j${this.#counter++}`;
    this.#jids.push(name);
    return name;
  }

  /** Adds what makes a call one by descriptor. */
  #byDescriptor(step: Step): Step {
    const dice = this.#dice;
    if (!this.#ability.descriptors || !dice.chance(18)) return step;
    let flags = step.flags ?? 0;
    let param: Param = ["desc", "out", 4];
    if (this.#descriptors.length > 0 && dice.chance(60)) {
      flags |= dice.chance(65) ? JAIL_USE_DESC : JAIL_AT_DESC;
      param = ["desc", "int", `$${dice.pick(this.#descriptors)}`];
    }
    if (param[1] === "out" || dice.chance(25)) flags |= dice.chance(75) ? JAIL_GET_DESC : JAIL_OWN_DESC;
    if (dice.chance(2)) return { ...step, flags };
    // A name for the jail of a descriptor: see #rename.
    const named = (flags & JAIL_USE_DESC) === 0 || step.op === "jail_get";
    const given = (step.params ?? []).filter(([name]) => named || name !== "name");
    const params = [...given, param];
    if ((flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) === 0) return { ...step, flags, params };
    const as = `d${this.#counter++}`;
    this.#descriptors.push(as);
    return { ...step, flags, params, saveOut: { as, param: "desc" } };
  }

  /** A name that nobody is known to have, in a jail that has room for it. */
  #newName(): string {
    const dice = this.#dice;
    const parents = ["", ...this.#known.filter(({ roomy }) => roomy).map(({ name }) => `${name}.`)];
    const parent = dice.pick(parents);
    const free = NAMES.filter((name) => !this.#known.some((one) => one.name === parent + name));
    return free.length === 0 ? this.#name() : parent + dice.pick(free);
  }

  #create(depth: number): Step {
    const dice = this.#dice;
    const params: Param[] = [];
    const wild = dice.chance(25);
    const name = wild ? this.#name() : this.#newName();
    const roomy = dice.chance(55);
    if (dice.chance(wild ? 80 : 95)) params.push(["name", "string", name]);
    if (dice.chance(wild ? 30 : 8)) params.push(["jid", "int", dice.chance(75) ? dice.pick(JIDS) : this.#jid()]);
    if (dice.chance(wild ? 85 : 98)) params.push(["persist", "null"]);
    if (roomy) params.push(["children.max", "int", dice.pick([20, 10, 3, 1])]);
    params.push(...this.#parameters.some(true), ...this.#parameters.errmsg());
    const flags = this.#flags(dice.chance(85) ? JAIL_CREATE : JAIL_CREATE | JAIL_UPDATE, depth);
    const step = this.#byDescriptor({ op: "jail_set", flags, params });
    const save = this.#saved();
    if (!wild) this.#known.push({ save, name, roomy });
    return { ...step, save };
  }

  /**
   * Another name for a jail of the same parent, or one that is refused. Not a nested jail's by a plain name: the kernel
   * takes that for a name at the top, and reading it from inside its parent brings a FreeBSD 15 down.
   */
  #rename(): string {
    const dice = this.#dice;
    if (this.#known.some(({ name }) => name.includes("."))) return `${dice.pick(NAMES)}.${dice.pick(NAMES)}`;
    return dice.pick([this.#name(), dice.pick(NAMES)]);
  }

  #update(depth: number): Step {
    const dice = this.#dice;
    const params: Param[] = [];
    const roll = dice.below(100);
    if (roll < 45) params.push(["name", "string", this.#name()]);
    else if (roll < 80) params.push(["jid", "int", this.#jid()]);
    else if (roll < 97) params.push(["jid", "int", this.#jid()], ["name", "string", this.#rename()]);
    if (dice.chance(15)) params.push([dice.chance(60) ? "nopersist" : "persist", "null"]);
    params.push(...this.#parameters.some(false), ...this.#parameters.errmsg());
    const flags = this.#flags(dice.chance(92) ? JAIL_UPDATE : dice.pick([0, JAIL_CREATE | JAIL_UPDATE]), depth);
    const creates = (flags & JAIL_CREATE) !== 0;
    const kept = creates ? params.filter(([name]) => !/^(meta|env)/.test(name)) : params;
    return this.#byDescriptor({ op: "jail_set", flags, params: kept });
  }

  #get(): Step {
    const dice = this.#dice;
    const params: Param[] = [];
    const roll = dice.below(100);
    if (roll < 40) params.push(["jid", "int", this.#jid()]);
    else if (roll < 70) params.push(["name", "string", this.#name()]);
    else if (roll < 98) params.push(["lastjid", "int", dice.chance(60) ? 0 : this.#jid()]);
    const reads = dice.chance(35) ? READS : Array.from({ length: dice.below(6) }, () => dice.pick(READS));
    params.push(...reads.filter(([name]) => !params.some(([given]) => given === name)));
    for (let i = dice.below(4); i > 0; i--) {
      const name = dice.pick(this.#ability.permissions);
      params.push([`allow.${dice.chance(50) ? name : name.replace(/[^.]*$/, "no$&")}`, "out", 4]);
    }
    if (this.#ability.descriptors && dice.chance(35)) {
      const key = dice.chance(50) ? `.${dice.pick(KEYS)}` : "";
      params.push([dice.pick(["meta", "env"]) + key, "out", dice.chance(90) ? 4096 : dice.pick(SIZES)]);
    }
    if (dice.chance(10)) params.push([dice.pick(READS)[0], dice.chance(80) ? "out" : "nullout", dice.pick(SIZES)]);
    if (dice.chance(6)) params.push([dice.pick(READS)[0], "null"]);
    if (dice.chance(3)) params.push([dice.pick(["no.such", "allow.nosuch", "linux", "zfs"]), "out", 4]);
    params.push(...this.#parameters.errmsg());
    const flags = (dice.chance(30) ? JAIL_DYING : 0) | (dice.chance(1) ? dice.pick([1, 2, 4, 0x100]) : 0);
    return this.#byDescriptor({ op: "jail_get", flags, params });
  }

  /** A walk over all jails, and everything of those that were saved. */
  last(): Step[] {
    const steps: Step[] = [];
    for (const after of [0, ...this.#jids.slice(-5).map((name) => `$${name}`)]) {
      const params: Param[] = [["lastjid", "int", after], ...READS, errmsg()];
      steps.push({ op: "jail_get", flags: 0, params });
    }
    steps.push({ op: "sysctl", name: "security.jail.list" });
    return steps;
  }
}

/** The scenario of a seed: steps without results, for a host whose last jail id is `lastjid`. */
export function generate(seed: number, lastjid: number, ability: Ability): Scenario {
  const generator = new Generator(seed, ability);
  const steps = generator.steps(6 + (seed % 30), 0);
  return { scenario: `random ${seed}`, lastjid, steps: [...steps, ...generator.last()] };
}

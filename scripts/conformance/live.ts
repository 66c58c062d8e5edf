/**
 * The same random sequences of calls on a real kernel and on the simulated one, up to the first difference. On a machine
 * without jails the C library stands for the real kernel: then it is the addon and the library that are compared.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RawSimulatedOptions } from "../../lib/binding.js";
import { hostFacts } from "./facts.js";
import { simulatedMachines } from "./machines.js";
import { Ground } from "./native.js";
import type { Performer } from "./performer.js";
import { generate } from "./random/generate.js";
import type { Ability } from "./random/parameters.js";
import type { HostFacts, Scenario } from "./recording.js";
import { type Difference, record } from "./replay.js";
import { shrink } from "./shrink.js";

export interface LiveOptions {
  readonly seed: number;
  /** How many sequences; undefined: as many as the time allows. */
  readonly count?: number | undefined;
  readonly seconds?: number | undefined;
  /** Where a sequence that shows a difference is written to. */
  readonly folder: string;
}

/** What a real machine is, so that the simulated one is made the same. */
interface Facts {
  readonly release: string;
  readonly host: HostFacts;
  readonly options: RawSimulatedOptions;
  readonly ability: Ability;
}

const ALLOW = "security.jail.param.allow.";

async function factsOf({ caller, simulated }: Performer, ground: Ground): Promise<Facts> {
  const { calls } = caller;
  const host = await hostFacts(calls);
  const { osreldate } = host;
  const release = `${Math.floor(osreldate / 100_000)}.${Math.floor(osreldate / 1000) % 100}`;
  // What this kernel and the simulated one both have.
  const kernel = await simulatedMachines(release, "sync").kernel();
  const permissions: string[] = [];
  for (const name of kernel.sysctlWalkSync(ALLOW.slice(0, -1)).nodes.map((node) => node.name)) {
    if ((await calls.sysctl(name)).error === undefined) permissions.push(name.slice(ALLOW.length).replace(/\.$/, ""));
  }
  const keep = caller.keep !== undefined;
  return {
    release,
    host,
    // The library's machine has every path, and descriptors above the host's.
    options: simulated ? { paths: { any: true }, firstDescriptor: 2 ** 30 } : {},
    ability: {
      permissions,
      descriptors: osreldate >= 1_500_000,
      keep,
      // To the C library every process is the superuser's.
      users: simulated ? [0] : [0, 1001, 1001, 1001],
      settings: [...ground.settings.keys()],
    },
  };
}

/** One machine against the other. */
class Comparison {
  readonly #performer: Performer;
  readonly #facts: Facts;
  readonly #ground: Ground;

  constructor(performer: Performer, facts: Facts, ground: Ground) {
    this.#performer = performer;
    this.#facts = facts;
    this.#ground = ground;
  }

  /** The scenario as the real kernel answers it. */
  async recorded(scenario: Scenario): Promise<Scenario> {
    await this.#ground.clear();
    const lastdead = this.#facts.ability.descriptors ? await this.#ground.lastDead() : 0;
    const { scenario: title, steps } = scenario;
    const lastjid = await this.#ground.lastjid();
    const begun = { scenario: title, lastjid, ...(lastdead > 0 && { lastdead }), host: this.#facts.host, steps };
    try {
      return await this.#performer.fresh((caller) => record(begun, caller));
    } finally {
      await this.#ground.cleanUp(scenario);
    }
  }

  async compare(scenario: Scenario): Promise<{ recorded: Scenario; found: Difference | undefined }> {
    const recorded = await this.recorded(scenario);
    const { release, options } = this.#facts;
    const machine = simulatedMachines(release, "sync", options);
    return { recorded, found: await machine.replay(recorded) };
  }
}

function writeFixture(folder: string, release: string, scenario: Scenario): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `freebsd-${release}-${scenario.scenario.replaceAll(" ", "-")}.json`);
  writeFileSync(file, `[\n${JSON.stringify(scenario)}\n]\n`);
  return file;
}

/** Prints each difference, its shortest sequence and the file that holds it. */
export async function live(performer: Performer, options: LiveOptions): Promise<{ passed: number; failed: number }> {
  const ground = await Ground.of(performer.caller);
  const facts = await factsOf(performer, ground);
  const comparison = new Comparison(performer, facts, ground);
  const until = options.seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.seconds * 1000;
  const counts = { passed: 0, failed: 0, calls: 0 };
  console.log(`FreeBSD ${facts.release}, seeds from ${options.seed} on`);
  for (let seed = options.seed; seed < options.seed + (options.count ?? Number.POSITIVE_INFINITY); seed++) {
    if (Date.now() >= until) break;
    const { recorded, found } = await comparison.compare(generate(seed, 0, facts.ability));
    counts.calls += recorded.steps.length;
    if (found === undefined) {
      counts.passed += 1;
      continue;
    }
    counts.failed += 1;
    console.log(`seed ${seed}, step ${found.step} (${found.op}): ${found.what}`);
    const short = await shrink(
      recorded,
      async (candidate) => (await comparison.compare(candidate)).found !== undefined,
    );
    const last = await comparison.compare(short);
    const file = writeFixture(options.folder, facts.release, last.recorded);
    const { length } = last.recorded.steps;
    console.log(`  the shortest: ${length} steps in ${file}: ${last.found?.what ?? "no difference this time"}`);
  }
  console.log(`${counts.calls} steps on both`);
  return counts;
}

/**
 * Scenarios with what this kernel answers, in the recorded format: those given, or random ones where there are none.
 */
export async function recordAll(
  performer: Performer,
  scenarios: readonly Scenario[],
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<string> {
  const ground = await Ground.of(performer.caller);
  const facts = await factsOf(performer, ground);
  const comparison = new Comparison(performer, facts, ground);
  const drawn = Array.from({ length: count }, (_, i) => generate(seed + i, 0, facts.ability));
  const lines: string[] = [];
  for (const scenario of scenarios.length > 0 ? scenarios : drawn) {
    lines.push(JSON.stringify(await comparison.recorded(scenario)));
  }
  return `[\n${lines.join(",\n")}\n]\n`;
}

/** `test` and `run`: machines one after the other or several at once, each through its plan; then the summary. */
import { createHash, randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { partialName } from "../cache.js";
import { READER } from "../console/shell.js";
import { messageOf, STATUS, VmError } from "../errors.js";
import type { Image } from "../images/locate.js";
import type { Choice } from "../machine/accelerator.js";
import {
  bringUp,
  type MachineContext,
  type MachineRequest,
  type RunningMachine,
  type SavedMachine,
} from "../machine/machine.js";
import type { Session, Target } from "../session.js";
import { mergeJunit } from "../suite/junit.js";
import { GUEST_ENV, type Plan, type Work } from "../suite/plan.js";
import { exitStatus, type MachineResult, type PartResult, partPassed, summaryLines } from "../suite/summary.js";

/** Makes the plan for a target; what it needs on this machine is got ready by that. */
export type Planner = (target: Target, say: (line: string) => void) => Promise<Plan>;

/** Runs all targets, prints and writes the summary, and returns the exit status. */
export async function runMachines(session: Session, planner: Planner): Promise<number> {
  const targets = session.targets();
  const jobs = Math.min(session.options.jobs, targets.length);
  session.needMemory(jobs);
  await session.records.sweep();
  session.cache.sweep();
  const results: MachineResult[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < targets.length; at = next++) {
      results[at] = await new MachineRun(session, targets[at] as Target, planner, targets.length > 1).run();
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const lines = results.flatMap(summaryLines);
  const out = resolve(session.options.out);
  writeFileSync(join(out, "summary.txt"), `${lines.join("\n")}\n`);
  writeFileSync(
    join(out, "junit.xml"),
    mergeJunit(results.flatMap((result, at) => reports(targets[at] as Target, out, result))),
  );
  session.print(`\n${lines.join("\n")}\n  results ${out}\n`);
  return exitStatus(results, STATUS.trouble);
}

/** The reports of a machine's parts. */
function reports(target: Target, out: string, result: MachineResult) {
  const folder = join(out, target.slug);
  return result.parts.flatMap(({ name }) => {
    const file = join(folder, `${name}.xml`);
    return existsSync(file) ? [{ machine: target.slug, xml: readFileSync(file, "utf8") }] : [];
  });
}

/** A machine that is ready for its plan, and how it comes once more where it was saved. */
interface Prepared {
  readonly machine: RunningMachine;
  readonly again?: () => Promise<RunningMachine>;
}

type Facts = { -readonly [Key in keyof MachineResult]: MachineResult[Key] };

/** One target from its image to its results. */
class MachineRun {
  readonly #session: Session;
  readonly #target: Target;
  readonly #planner: Planner;
  readonly #out: string;
  readonly #several: boolean;
  readonly #facts: Facts;

  constructor(session: Session, target: Target, planner: Planner, several: boolean) {
    this.#session = session;
    this.#target = target;
    this.#planner = planner;
    this.#several = several;
    this.#out = join(resolve(session.options.out), target.slug);
    rmSync(this.#out, { recursive: true, force: true });
    mkdirSync(this.#out, { recursive: true });
    this.#facts = {
      ...{
        label: target.image ?? target.slug,
        arch: target.arch,
        system: undefined,
        accelerator: undefined,
        way: undefined,
      },
      ...{ image: undefined, addon: undefined, bootMs: undefined, resumed: false, notes: [], parts: [], warnings: [] },
      recording: join(this.#out, "console.log"),
    };
  }

  readonly #say = (line: string) => this.#session.say(this.#several ? `${this.#target.slug}: ${line}` : line);

  readonly #show = (text: string) => {
    if (!this.#several) this.#session.io.stderr(text);
  };

  async run(): Promise<MachineResult> {
    const { signal } = this.#session;
    try {
      await this.#everything();
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof VmError) && (thrown as NodeJS.ErrnoException).code === undefined) throw thrown;
      this.#facts.trouble = messageOf(thrown);
      this.#say(`${messageOf(thrown)}`);
      if (thrown instanceof VmError) {
        for (const line of thrown.detail) this.#say(`  | ${line}`);
        if (thrown.hint !== "") this.#say(thrown.hint);
      }
    }
    return this.#facts;
  }

  async #everything(): Promise<void> {
    const { version, choice, remembered } = await this.#session.accelerators(this.#target.arch);
    const image = await this.#session.image(this.#target, this.#say);
    this.#facts.image = image?.origin;
    const plan = await this.#planner(this.#target, this.#say);
    this.#facts.addon = plan.addon;
    const name = `${this.#target.slug.slice(0, 40)}-${randomBytes(3).toString("hex")}`;
    const { keep } = this.#session.options;
    const request = this.#session.request(this.#target, image, name, this.#facts.recording, keep !== "never");
    const context = this.#session.context(remembered, this.#say);
    const states = new States(this.#session, image, request, plan, version);
    await this.#use(await this.#ready(request, choice, context, plan, states), plan);
  }

  /** A prepared machine: resumed where one is saved, else booted, prepared, saved and resumed. */
  async #ready(
    request: MachineRequest,
    choice: Choice,
    context: MachineContext,
    plan: Plan,
    states: States,
  ): Promise<Prepared> {
    const { fresh } = this.#session.options;
    const { signal } = this.#session;
    const found = fresh ? undefined : states.find(choice);
    if (found !== undefined) {
      const again = () => bringUp(request, found.choice, found.saved, context);
      try {
        return { machine: this.#note(await again()), again };
      } catch (thrown) {
        signal.throwIfAborted();
        this.#facts.notes = [
          ...this.#facts.notes,
          `a saved machine could not be resumed (${messageOf(thrown)}) and was removed`,
        ];
        states.remove(found.choice);
      }
    }
    const machine = this.#note(await bringUp(request, choice, undefined, context));
    try {
      await plan.prepare(await this.#work(machine));
      if (fresh) return { machine };
      const saved = await states.save(machine, this.#say);
      await machine.end(false, signal);
      const { accelerator, notes, ms } = machine.facts;
      const again = () => bringUp(request, { candidates: [accelerator], notes }, saved, context);
      return { machine: this.#note(await again(), ms), again };
    } catch (thrown) {
      signal.throwIfAborted();
      await this.#end(machine, true);
      throw thrown;
    }
  }

  #note(machine: RunningMachine, bootMs = machine.facts.ms): RunningMachine {
    const { accelerator, resumed, notes } = machine.facts;
    const facts = this.#facts;
    facts.accelerator = accelerator.name;
    facts.way = machine.guest.way;
    facts.bootMs = bootMs;
    facts.resumed = resumed && bootMs === machine.facts.ms;
    facts.notes = [...new Set([...facts.notes, ...notes])];
    return machine;
  }

  async #work(machine: RunningMachine): Promise<Work> {
    const { signal } = this.#session;
    const { guest, waits } = machine;
    this.#facts.system ??= await this.#system(machine);
    const emulated = machine.facts.accelerator.name === "tcg";
    const work = {
      guest,
      waits,
      signal,
      emulated,
      arch: this.#target.arch,
      out: this.#out,
      system: this.#facts.system ?? "",
    };
    return { ...work, show: this.#show, say: this.#say };
  }

  async #system(machine: RunningMachine): Promise<string> {
    let text = "";
    const onOutput = (piece: string) => {
      text += piece;
    };
    // A message of the kernel or of syslogd may come between on a console.
    const line = "echo $(uname -srm) | sed 's/^/system: /'";
    await machine.guest.run(["/bin/sh", "-c", line], { signal: this.#session.signal, env: GUEST_ENV, onOutput });
    return /^.*system: (.*)$/m.exec(text)?.[1]?.trim() ?? text.trim();
  }

  async #use({ machine, again }: Prepared, plan: Plan): Promise<void> {
    let parts: readonly PartResult[] = [];
    let broken = true;
    let current: RunningMachine | undefined = machine;
    const workOn = async (running: RunningMachine): Promise<Work> => ({
      ...(await this.#work(running)),
      renew: again && (async () => workOn(await renewed(again))),
    });
    const renewed = async (bring: () => Promise<RunningMachine>) => {
      const problems = await current?.end(false, this.#session.signal);
      current = undefined;
      this.#facts.warnings = [...this.#facts.warnings, ...(problems ?? [])];
      current = await bring();
      return current;
    };
    try {
      parts = await plan.run(await workOn(machine));
      this.#facts.parts = parts;
      broken = false;
    } finally {
      const failed = broken || !parts.every(partPassed);
      if (current !== undefined && !this.#session.signal.aborted) await this.#end(current, failed);
    }
  }

  /** Ends the machine, or leaves it up where that was wished. Trouble is a warning. */
  async #end(machine: RunningMachine, failed: boolean): Promise<void> {
    const { keep } = this.#session.options;
    const { name } = machine.record;
    if (keep === "always" || (keep === "after a failure" && failed)) {
      machine.release();
      this.#facts.notes = [
        ...this.#facts.notes,
        `it was kept: \`npm run vm -- shell --name ${name}\`, \`… down ${name}\``,
      ];
      return;
    }
    // Its disk is thrown away: there is nothing that a kind end would save.
    const problems = await machine.end(false, this.#session.signal);
    this.#facts.warnings = [...this.#facts.warnings, ...problems];
  }
}

/** Saved machines of the cache, by everything that they depend on. */
class States {
  readonly #session: Session;
  readonly #request: MachineRequest;
  readonly #parts: readonly string[];

  constructor(session: Session, image: Image | undefined, request: MachineRequest, plan: Plan, version: string) {
    this.#session = session;
    this.#request = request;
    const { arch, memory, cpus, kernel, way, network } = request;
    const stamp = (file: string | undefined) =>
      file === undefined ? "" : `${resolve(file)} ${statSync(file).mtimeMs}`;
    const kernelParts = [stamp(kernel?.path), stamp(kernel?.initrd), kernel?.append ?? ""];
    this.#parts = [
      image?.identity ?? "",
      ...kernelParts,
      arch,
      String(memory),
      String(cpus),
      way,
      String(network),
      version,
      plan.identity,
      // The shell on the console is part of what is saved.
      READER,
    ];
  }

  #key(accelerator: string): string {
    const hash = createHash("sha256")
      .update([...this.#parts, accelerator].join("\0"))
      .digest("hex")
      .slice(0, 16);
    return `${this.#request.label.replace(/[^A-Za-z0-9.]+/g, "-").slice(0, 40)}-${hash}`;
  }

  #saved(folder: string): SavedMachine {
    const [key, disk] = [join(folder, "key"), join(folder, "disk.qcow2")];
    return {
      memory: join(folder, "memory"),
      disk: existsSync(disk) ? disk : undefined,
      key: existsSync(key) ? key : undefined,
    };
  }

  /** The saved machine of the first accelerator that has one. */
  find(choice: Choice): { saved: SavedMachine; choice: Choice } | undefined {
    for (const accelerator of choice.candidates) {
      const folder = this.#session.cache.path("states", this.#key(accelerator.name));
      if (existsSync(folder))
        return { saved: this.#saved(folder), choice: { candidates: [accelerator], notes: choice.notes } };
    }
    return undefined;
  }

  remove(choice: Choice): void {
    for (const { name } of choice.candidates) this.#session.cache.remove("states", this.#key(name));
  }

  /** Saves a prepared machine, which then stands still. */
  async save(machine: RunningMachine, say: (line: string) => void): Promise<SavedMachine> {
    const { cache, signal } = this.#session;
    const disk = join(dirname(machine.record.inbox), "disk.qcow2");
    say("saving the running machine, so that the next run starts from here");
    await machine.guest.run(["sync"], { signal });
    const folder = cache.path("states", this.#key(machine.facts.accelerator.name));
    const place = partialName(folder);
    mkdirSync(place, { recursive: true });
    try {
      await machine.save(join(place, "memory"), signal);
      // QEMU has flushed and given up the disk with its last state.
      if (existsSync(disk)) renameSync(disk, join(place, "disk.qcow2"));
      if (machine.record.key !== undefined) {
        for (const end of ["", ".pub"]) copyFileSync(machine.record.key + end, join(place, `key${end}`));
      }
      if (existsSync(folder)) rmSync(folder, { recursive: true });
      renameSync(place, folder);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
    return this.#saved(folder);
  }
}

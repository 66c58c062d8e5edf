import { componentsBelow } from "../../machine/files.js";
import { MachineError } from "../../machine/machine.js";
import { type RunResult, runProgram } from "../../machine/run.js";
import type { JailSpec } from "../spec.js";
import { hostInterfaces } from "../steps/alias.js";
import { checkDataset } from "../steps/dataset.js";
import { type CommandRequest, StepError } from "../steps/kind.js";
import { checkTarget } from "../steps/mounts.js";
import type { Problem } from "../values.js";
import type { Engine } from "./context.js";
import { Limiter } from "./limiter.js";

/** What jails need of the machine, looked at before anything is begun. Answers are kept for the jails that follow. */
export class Inspector {
  readonly #engine: Engine;
  #interfaces: Promise<ReadonlySet<string>> | undefined;
  #rulesetNumbers: Promise<ReadonlySet<string>> | undefined;
  readonly #rulesets = new Map<string, Promise<string | undefined>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  readonly #run = ({ argv }: CommandRequest): Promise<RunResult> =>
    runProgram(this.#engine.machine, { argv }, { signal: this.#engine.signal });

  /** Everything that would keep this jail from starting, as far as it can be seen before. */
  async inspect(spec: JailSpec): Promise<readonly Problem[]> {
    const problems: Problem[] = [];
    const note = (parameter: string, error: unknown) => {
      if (!(error instanceof StepError || error instanceof MachineError)) throw error;
      const words = error.message.startsWith(`${parameter}:`) ? error.message : `${parameter}: ${error.message}`;
      const hint = error instanceof StepError && error.hint !== undefined ? { hint: error.hint } : {};
      problems.push({ jail: spec.name, parameter, message: words, code: error.code, ...hint });
    };
    const check = async (parameter: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        this.#engine.signal.throwIfAborted();
        note(parameter, error);
      }
    };
    for (const { parameter, message } of this.#engine.jails.check(spec.parameters)) {
      problems.push({ jail: spec.name, parameter, message, code: "EINVAL" });
    }
    await this.#users(spec, check);
    // What exec.prepare is there to make cannot be looked for before it has run.
    if (spec.hooks["exec.prepare"].length > 0) return problems;
    await check("path", () => this.#path(spec));
    const rooted = !problems.some((problem) => problem.parameter === "path");
    await check("vnet.interface", async () => this.#vnet(spec));
    await check("ready", async () => this.#ready(spec));
    for (const [index, mount] of spec.mounts.entries()) {
      await check(mount.parameter, () => this.#mount(spec, index, rooted));
    }
    for (const name of new Set([...spec.aliases.map((alias) => alias.interface), ...spec.interfaces])) {
      const parameter = spec.interfaces.includes(name) ? "vnet.interface" : "interface";
      await check(parameter, () => this.#interface(name, parameter));
    }
    for (const name of spec.datasets) await check("zfs.dataset", () => checkDataset({ run: this.#run }, name));
    await check("exec.consolelog", () => this.#consoleLog(spec, rooted));
    return problems;
  }

  async #users(spec: JailSpec, check: (parameter: string, work: () => Promise<void>) => Promise<void>) {
    const host = [
      ["exec.system_user", spec.systemUser],
      ["exec.jail_user", spec.systemJailUser ? spec.jailUser : undefined],
    ] as const;
    for (const [parameter, name] of host) {
      if (name === undefined) continue;
      await check(parameter, async () => {
        if ((await this.#engine.machine.user(name, { signal: this.#engine.signal })) === undefined) {
          throw new StepError("EINVAL", `${parameter}: ${name}: no such user`);
        }
      });
    }
  }

  async #path({ path }: JailSpec): Promise<void> {
    if (path === undefined) return;
    if (!path.startsWith("/")) throw new StepError("EINVAL", `path ${path}: not an absolute pathname`);
    const info = await this.#engine.machine.stat(path, { follow: true, signal: this.#engine.signal });
    if (info === undefined) throw new StepError("ENOENT", `path ${path}: No such file or directory`);
    if (info.type !== "directory") throw new StepError("ENOTDIR", `path ${path}: Not a directory`);
  }

  /** @param rooted whether the jail's path is there: without it, nothing below it is looked for */
  async #mount(spec: JailSpec, index: number, rooted: boolean): Promise<void> {
    const { machine, signal } = this.#engine;
    const mount = spec.mounts[index];
    if (mount === undefined) return;
    const { parameter, type, source, target, options } = mount;
    // What an earlier mount of the same jail brings along is not there yet.
    const covered = spec.mounts
      .slice(0, index)
      .some((earlier) => target === earlier.target || target.startsWith(`${earlier.target}/`));
    if (!covered && rooted) await checkTarget({ machine, signal }, mount, spec.path);
    else if (spec.path !== undefined) componentsBelow(spec.path, target);
    if (type === "nullfs" && source.startsWith("/") && !covered) {
      const inside = spec.mounts.slice(0, index).some((earlier) => source.startsWith(`${earlier.target}/`));
      if (!inside && (await machine.stat(source, { follow: true, signal })) === undefined) {
        throw new StepError("ENOENT", `${parameter}: ${source}: No such file or directory`);
      }
    }
    if (type === "devfs") await this.#ruleset(parameter, options);
  }

  async #ruleset(parameter: string, options: readonly string[]): Promise<void> {
    const number = options.find((option) => option.startsWith("ruleset="))?.slice("ruleset=".length);
    // Ruleset 0 is the wish for an open /dev, written down.
    if (number === undefined || number === "0") return;
    const problem = this.#rulesets.get(number) ?? this.#rulesetProblem(number);
    this.#rulesets.set(number, problem);
    const words = await problem;
    if (words === undefined) return;
    throw new StepError("ENOENT", `${parameter}: devfs ruleset ${number} ${words}: /dev would be open`, {
      hint: "load it (service devfs restart), or set devfs_ruleset to one of `devfs rule showsets`",
    });
  }

  async #rulesetProblem(number: string): Promise<string | undefined> {
    this.#rulesetNumbers ??= this.#list(["/sbin/devfs", "rule", "showsets"]);
    if (!(await this.#rulesetNumbers).has(number)) return "does not exist";
    const result = await this.#run({ argv: ["/sbin/devfs", "rule", "-s", number, "show"] });
    return result.status === 0 && result.stdout.trim() === "" ? "has no rules" : undefined;
  }

  #vnet({ interfaces, parameters }: JailSpec): void {
    const [name] = interfaces;
    const own = [parameters.vnet].flat().at(-1);
    if (name === undefined || ("vnet" in parameters && ["new", true, "", undefined].includes(own as string))) return;
    throw new StepError("EINVAL", `vnet.interface: ${name}: the jail has no network stack of its own: set vnet`);
  }

  #ready({ ready, parameters }: JailSpec): void {
    for (const probe of ready) {
      if (probe.kind !== "tcp" || probe.address !== undefined || !("vnet" in parameters)) continue;
      throw new StepError(
        "EINVAL",
        `ready: tcp port ${probe.port}: a jail with a network stack of its own has no address here: name one`,
      );
    }
  }

  async #list(argv: readonly string[]): Promise<ReadonlySet<string>> {
    const result = await this.#run({ argv });
    if (result.status !== 0) throw new StepError("EEXIT", `${argv.join(" ")}: ${result.stderr.trim()}`);
    return new Set(result.stdout.split(/\s+/));
  }

  async #interface(name: string, parameter: string): Promise<void> {
    this.#interfaces ??= hostInterfaces({ run: this.#run }).then((list) => new Set(list.map((entry) => entry.name)));
    if ((await this.#interfaces).has(name)) return;
    throw new StepError("ENXIO", `${parameter}: interface "${name}" does not exist on the host`);
  }

  async #consoleLog({ consoleLog, path }: JailSpec, rooted: boolean): Promise<void> {
    if (consoleLog === undefined) return;
    if (!consoleLog.startsWith("/")) {
      throw new StepError("EINVAL", `exec.consolelog: ${consoleLog}: not an absolute pathname`);
    }
    const { machine, signal } = this.#engine;
    const beneath = path === undefined ? undefined : componentsBelow(path, consoleLog);
    if (beneath !== undefined && !rooted) return;
    for (const part of beneath ?? [consoleLog]) {
      const info = await machine.stat(part, { signal });
      if (info?.type === "symlink" && beneath !== undefined) {
        throw new StepError("ELOOP", `exec.consolelog: ${part} is a symbolic link`);
      }
      if (info === undefined && part !== consoleLog) throw new StepError("ENOENT", `exec.consolelog: ${part}: ENOENT`);
      if (info?.type === "directory" && part === consoleLog) {
        throw new StepError("EISDIR", `exec.consolelog: ${consoleLog} is a directory`);
      }
    }
  }
}

/** How many jails are looked at at once: each takes a few programs of the host. */
const AT_ONCE = 8;

/** Everything that would keep any of these jails from starting, in their order. */
export async function inspectAll(engine: Engine, specs: readonly JailSpec[]): Promise<readonly Problem[]> {
  const inspector = new Inspector(engine);
  const limiter = new Limiter(AT_ONCE);
  return (await Promise.all(specs.map((spec) => limiter.run(() => inspector.inspect(spec), engine.signal)))).flat();
}

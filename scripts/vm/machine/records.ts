/** What is written down of each machine, so that another run of the tool finds it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Actor } from "../../../lib/machine/machine.js";
import { actorAlive } from "../../../lib/machine/process-identity.js";
import { type Cache, partialName } from "../cache.js";
import { UsageError, VmError } from "../errors.js";
import type { Arch, Way } from "../images/releases.js";
import type { AcceleratorName } from "./accelerator.js";
import { killActor } from "./process.js";

/** A machine that is up. */
export interface MachineRecord {
  readonly name: string;
  readonly actor: Actor;
  /** What it runs, as it was asked for. */
  readonly label: string;
  readonly arch: Arch;
  readonly accelerator: { readonly name: AcceleratorName; readonly slowness: number };
  readonly way: Way;
  /** The folder of its sockets; removed with it. */
  readonly sockets: string;
  readonly console: string;
  readonly monitor: string;
  readonly record: string;
  readonly inbox: string;
  readonly outbox: string;
  readonly sshPort?: number | undefined;
  readonly key?: string | undefined;
}

/** A name for a machine, as a word that can be a file's. */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,60}$/.test(name)) return name;
  throw new UsageError(
    `${name}: a machine's name is letters, digits, ".", "_" and "-", beginning with a letter or digit`,
  );
}

/** The machines of a cache. */
export class Records {
  readonly #cache: Cache;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** The folder of a machine's files. */
  folder(name: string): string {
    return this.#cache.path("machines", name);
  }

  write(record: MachineRecord): void {
    const file = join(this.folder(record.name), "machine.json");
    mkdirSync(this.folder(record.name), { recursive: true });
    const partial = partialName(file);
    writeFileSync(partial, JSON.stringify(record, null, 2));
    renameSync(partial, file);
  }

  read(name: string): MachineRecord | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder(name), "machine.json"), "utf8"));
    } catch {
      return undefined;
    }
  }

  /** Names of all machines that were ever begun and not cleared away. */
  names(): readonly string[] {
    return readdirSync(this.#cache.folder("machines")).sort();
  }

  /** The machines that run. */
  async running(): Promise<readonly MachineRecord[]> {
    const records = this.names().map((name) => this.read(name));
    const alive = await Promise.all(records.map((record) => record !== undefined && actorAlive(record.actor)));
    return records.flatMap((record, index) => (record !== undefined && alive[index] ? [record] : []));
  }

  /**
   * The running machine of that name, or the only one there is.
   *
   * @throws VmError where there is none, or more than one to choose from
   */
  async choose(name: string | undefined): Promise<MachineRecord> {
    const running = await this.running();
    const found = name === undefined ? running : running.filter((record) => record.name === name);
    if (found.length === 1) return found[0] as MachineRecord;
    const names = running.map((record) => record.name).join(", ");
    if (name !== undefined)
      throw new VmError(`no machine named ${name} runs`, names === "" ? "None does." : `These do: ${names}.`);
    if (found.length === 0) throw new VmError("no machine runs", "`npm run vm -- up` starts one.");
    throw new VmError("more than one machine runs", `Say which by --name: ${names}.`);
  }

  /** Ends a machine at once and removes its files. No error where it was gone. */
  async discard(name: string): Promise<void> {
    const record = this.read(name);
    if (record !== undefined) {
      await killActor(record.actor);
      rmSync(record.sockets, { recursive: true, force: true });
    }
    rmSync(this.folder(name), { recursive: true, force: true });
  }

  /** Removes what is left of machines that ended without being taken down. */
  async sweep(): Promise<void> {
    for (const name of this.names()) {
      const record = this.read(name);
      if (record !== undefined && !(await actorAlive(record.actor))) await this.discard(name);
      // Without a record it is being made, or its maker was ended: the maker's pid stands in the folder.
      if (record === undefined && !(await this.#beingMade(name))) await this.discard(name);
    }
  }

  /** Makes a machine's folder and marks it as being made by this process. */
  begin(name: string, maker: Actor): string {
    const folder = this.folder(name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "maker.json"), JSON.stringify(maker));
    return folder;
  }

  async #beingMade(name: string): Promise<boolean> {
    const file = join(this.folder(name), "maker.json");
    if (!existsSync(file)) return false;
    try {
      return await actorAlive(JSON.parse(readFileSync(file, "utf8")));
    } catch {
      return false;
    }
  }
}

import { createHash } from "node:crypto";
import { type Machine, MachineError, type MachineOptions } from "../../machine/machine.js";
import type { Books } from "./books.js";

/** Who uses something that several jails can share (an alias, a mount), and whether one of ours made it. */
export interface Uses {
  /** One of our jails made it: it is ours to take away. */
  readonly made: boolean;
  /** Our other jails that use it. */
  readonly others: readonly string[];
}

/** The content of a mark. */
interface Mark {
  /** The boot that it belongs to. */
  readonly boot: string;
  readonly key: string;
  readonly made: boolean;
  readonly users: readonly string[];
}

/**
 * Marks beside the ledgers: a small file for each thing that jails share, with who uses it and whether it is ours. To be
 * called with the thing's lock held. A mark from before the last boot is none; so is a user without a ledger.
 */
export class SharedUses {
  readonly #machine: Machine;
  readonly #books: Books;

  constructor(machine: Machine, books: Books) {
    this.#machine = machine;
    this.#books = books;
  }

  #path(key: string): string {
    return `${this.#books.directory}/shared/${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
  }

  /** How `key` is used, seen from `jail`. */
  async look(key: string, jail: string, options: MachineOptions = {}): Promise<Uses> {
    const mark = await this.#read(key, options);
    const others: string[] = [];
    for (const user of mark?.users ?? []) {
      if (user === jail) continue;
      if ((await this.#machine.stat(this.#books.ledgerPath(user), options)) !== undefined) others.push(user);
    }
    return { made: mark?.made ?? false, others };
  }

  /** Notes that `jail` uses `key`; `made` also that it is ours. */
  async enter(key: string, jail: string, made: boolean): Promise<void> {
    const before = await this.#read(key);
    if (before === undefined) await this.#machine.makeDirectory(`${this.#books.directory}/shared`);
    const users = new Set([...(before?.users ?? []), jail]);
    await this.#write(key, { made: made || (before?.made ?? false), users: [...users] });
  }

  /** Takes away that `jail` uses it; `gone`: there is nothing left of it that is ours. */
  async leave(key: string, jail: string, gone: boolean): Promise<void> {
    const before = await this.#read(key);
    const users = (before?.users ?? []).filter((user) => user !== jail);
    const made = !gone && (before?.made ?? false);
    if (users.length === 0 && !made) {
      await this.#machine.removeFile(this.#path(key));
      return;
    }
    try {
      await this.#write(key, { made, users });
    } catch (error) {
      // On a full disk: a user without a ledger counts for nothing.
      if (!(error instanceof MachineError)) throw error;
    }
  }

  async #read(key: string, options: MachineOptions = {}): Promise<Mark | undefined> {
    let text: string;
    try {
      text = Buffer.from(await this.#machine.readFile(this.#path(key), options)).toString("utf8");
    } catch (error) {
      if (error instanceof MachineError && error.code === "ENOENT") return undefined;
      throw error;
    }
    try {
      const mark = JSON.parse(text) as Mark;
      const { boot } = await this.#machine.self(options);
      return mark.boot === boot && mark.key === key && Array.isArray(mark.users) ? mark : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async #write(key: string, { made, users }: Pick<Mark, "made" | "users">): Promise<void> {
    const { boot } = await this.#machine.self();
    const mark: Mark = { boot, key, made, users };
    await this.#machine.writeFile(this.#path(key), Buffer.from(`${JSON.stringify(mark)}\n`), { sync: false });
  }
}

import { createHash } from "node:crypto";
import type { Machine, MachineOptions } from "../../machine/machine.js";
import { type Books, fileName } from "./books.js";

const MADE = "%made";

/** Who uses something that several jails can share (an alias, a mount), and whether one of ours made it. */
export interface Uses {
  /** One of our jails made it: it is ours to take away. */
  readonly made: boolean;
  /** Our other jails that use it. */
  readonly others: readonly string[];
}

/**
 * Marks beside the ledgers: one small file for each jail that uses a shared thing, and one that says that it is ours.
 * To be called with the thing's lock held. A mark from before the last boot is removed; one of a jail without a ledger
 * is none.
 */
export class SharedUses {
  readonly #machine: Machine;
  readonly #books: Books;

  constructor(machine: Machine, books: Books) {
    this.#machine = machine;
    this.#books = books;
  }

  /** The folder of all marks, and how the names of this thing's begin. */
  #place(key: string): { directory: string; prefix: string } {
    const digest = createHash("sha256").update(key).digest("hex").slice(0, 24);
    return { directory: `${this.#books.directory}/shared`, prefix: `${digest}-` };
  }

  /** How `key` is used, seen from `jail`. */
  async look(key: string, jail: string, options: MachineOptions = {}): Promise<Uses> {
    const { directory, prefix } = this.#place(key);
    const { boot } = await this.#machine.self(options);
    let made = false;
    const others: string[] = [];
    for (const file of await this.#machine.listDirectory(directory, options)) {
      if (!file.startsWith(prefix)) continue;
      const text = Buffer.from(await this.#machine.readFile(`${directory}/${file}`, options)).toString("utf8");
      const [markedBoot, user = ""] = text.split("\n");
      if (markedBoot !== boot) {
        await this.#machine.removeFile(`${directory}/${file}`, options);
        continue;
      }
      if (file === `${prefix}${MADE}`) made = true;
      else if (user !== jail && (await this.#machine.stat(this.#books.ledgerPath(user), options)) !== undefined) {
        others.push(user);
      }
    }
    return { made, others };
  }

  /** Notes that `jail` uses `key`; `made` also that it is ours. */
  async enter(key: string, jail: string, made: boolean): Promise<void> {
    const { boot } = await this.#machine.self();
    const { directory, prefix } = this.#place(key);
    await this.#machine.makeDirectory(directory);
    if (made) await this.#mark(`${directory}/${prefix}${MADE}`, `${boot}\n\n${key}\n`);
    await this.#mark(`${directory}/${prefix}${fileName(jail)}`, `${boot}\n${jail}\n${key}\n`);
  }

  /** Takes away the mark of `jail`; `made` also the one that says that it is ours. */
  async leave(key: string, jail: string, made: boolean): Promise<void> {
    const { directory, prefix } = this.#place(key);
    if (made) await this.#machine.removeFile(`${directory}/${prefix}${MADE}`);
    await this.#machine.removeFile(`${directory}/${prefix}${fileName(jail)}`);
  }

  #mark(path: string, text: string): Promise<void> {
    return this.#machine.writeFile(path, Buffer.from(text), { sync: false });
  }
}

/** The plan for somebody else's project: its files in, its commands, its results back. */
import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { VmError } from "../errors.js";
import { checkoutFiles } from "./checkout.js";
import { type Part, runPart } from "./part.js";
import type { Plan } from "./plan.js";
import { shellStep } from "./provision.js";

/** Where the project is in the guest. */
const PROJECT = "/root/work";

/** What the plan is made of. */
export interface CommandOptions {
  /** The project's folder; undefined: no files go in. */
  readonly root: string | undefined;
  /** Lines for sh(1) that prepare the machine, once. */
  readonly prepare: string | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files and folders that come back, named below the project's folder. */
  readonly back: readonly string[];
}

/** The plan. */
export function commandPlan({ root, prepare, argv, env, back }: CommandOptions): Plan {
  return {
    identity: createHash("sha256")
      .update(`command 1\0${prepare ?? ""}`)
      .digest("hex")
      .slice(0, 16),

    async prepare(work) {
      await shellStep(work, "preparing", `mkdir -p ${PROJECT}\n${prepare ?? ""}`);
    },

    async run(work) {
      const { guest, signal, out } = work;
      if (root !== undefined) {
        work.say(`putting ${resolve(root)} into the guest`);
        await guest.put({ folder: root, names: await checkoutFiles(root, [], signal) }, PROJECT, { signal });
      }
      const part: Part = { name: basename(argv[0] ?? "command"), argv, cwd: PROJECT, env };
      const results = [await runPart(part, work)];
      for (const name of back) {
        work.say(`getting ${name}`);
        const folder = name.startsWith("/") ? dirname(name) : PROJECT;
        try {
          await guest.get(folder, [name.startsWith("/") ? basename(name) : name], out, { signal });
        } catch (thrown) {
          if (!(thrown instanceof VmError)) throw thrown;
          const problem = [thrown.message, ...thrown.detail].join("; ");
          results.push({ name: `getting ${name}`, status: undefined, counts: undefined, ms: 0, skips: [], problem });
        }
      }
      return results;
    },
  };
}

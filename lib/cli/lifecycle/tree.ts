import type { JailDefinition } from "../../lifecycle/parameters.js";
import type { JailStatus } from "../../lifecycle/why/status.js";
import type { CliIo } from "../io.js";
import { type Paint, paintFor, printable, writeJson } from "../output.js";
import { runVerb } from "../verbs/run.js";
import { FILE_OPTION, openJails } from "./open.js";

/** A jail with those in it. */
interface Branch {
  readonly name: string;
  readonly state: JailStatus["state"];
  readonly jid?: number;
  /** Jails that must be up before it is. */
  readonly needs: readonly string[];
  readonly jails: Branch[];
}

/** `bsdjail tree`: jails in jails, and what each needs. */
export function treeCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("tree", argv, io, FILE_OPTION, async (verb, { options }) => {
    const context = openJails(verb, options.file);
    const jails = branches(await context.lifecycle.status(context.definitions), context.definitions);
    if (verb.json) writeJson(io.stdout, { kernel: verb.kernel, jails });
    else io.stdout.write(jails.map((branch) => branchText(branch, "", "", paintFor(io, io.stdout))).join(""));
  });
}

function branches(rows: readonly JailStatus[], definitions: readonly JailDefinition[]): Branch[] {
  const depends = new Map(definitions.map(({ name, parameters }) => [name, parameters.depend]));
  const all = new Map<string, Branch>();
  const top: Branch[] = [];
  // A name comes after those that it begins with.
  for (const { name, state, jid } of rows) {
    const needs = [depends.get(name) ?? []].flat().map(String);
    const branch: Branch = { name, state, ...(jid === undefined ? {} : { jid }), needs, jails: [] };
    all.set(name, branch);
    const parts = name.split(".");
    let above: Branch | undefined;
    for (let length = parts.length - 1; length > 0 && above === undefined; length--) {
      above = all.get(parts.slice(0, length).join("."));
    }
    (above?.jails ?? top).push(branch);
  }
  return top;
}

function branchText(branch: Branch, first: string, rest: string, paint: Paint): string {
  const { name, state, jid, needs, jails } = branch;
  const colours = { up: paint.green, dying: paint.yellow, down: paint.dim };
  const facts = [
    colours[state](state),
    ...(jid === undefined ? [] : [`jid ${jid}`]),
    ...(needs.length === 0 ? [] : [`needs ${needs.map(printable).join(", ")}`]),
  ];
  const line = `${paint.dim(first)}${paint.bold(printable(name))}  ${facts.join(", ")}\n`;
  const below = jails.map((each, at) => {
    const last = at === jails.length - 1;
    return branchText(each, `${rest}${last ? "└─ " : "├─ "}`, `${rest}${last ? "   " : "│  "}`, paint);
  });
  return line + below.join("");
}

import { latin1ToText } from "../bytes-text.js";
import { PSEUDO_PARAMETERS, SHARED_PARAMETERS } from "../lifecycle/parameters.js";
import type { ConfBlock, ConfParameter, ConfPiece, ConfPlace, ConfProblem } from "./model.js";
import { isWildcard, matchesWildcard, sameParameter } from "./names.js";

/** Where a parameter's value comes from. */
export interface ConfOrigin {
  readonly place: ConfPlace;
  /** The name of the block it is in; `*` is also that of what stands outside of blocks. */
  readonly block: string;
  readonly operator: ConfParameter["operator"];
  /** The values before variables were put in, as they can be written. */
  readonly written: readonly string[];
}

/** A parameter as a jail has it. */
export interface ResolvedParameter {
  readonly name: string;
  /** Empty where only the name was given. */
  readonly values: readonly string[];
  /** For jail(8) itself and not for the kernel. Addresses are for both, and false here. */
  readonly isPseudo: boolean;
  /** What added to it, in order; empty for the `name` or `jid` that the block's name implies. */
  readonly origins: readonly ConfOrigin[];
}

/** A jail of a configuration. */
export interface ResolvedJail {
  readonly name: string;
  /** In the order in which base has them. */
  readonly parameters: readonly ResolvedParameter[];
  /** Something about it is wrong: base does not start it. */
  readonly failed: boolean;
  readonly place: ConfPlace;
}

/** Names that base knows, which no variable may have. */
const KNOWN = [
  ...Object.keys(PSEUDO_PARAMETERS),
  ...["chflags", "mount", "raw_sockets", "set_hostname", "socket_af", "sysvipc"].map((word) => `allow.${word}`),
  ...["devfs_ruleset", "host.hostname", "jid", "name", "path", "persist", "securelevel", "vnet"],
];

/** A name that is a jid: a number in full, as strtol(3) reads it, and not 0. */
const JID = /^[ \t\n\v\f\r]*[+-]?0*[1-9][0-9]*$/;

/** Parameters that a jail has once and for all. */
const SETTLED = ["jid", "name"];

interface Text {
  pieces: ConfPiece[];
}

interface Draft {
  name: string;
  readonly isVariable: boolean;
  values: Text[];
  origins: ConfOrigin[];
  /** The pass of substitution that it is part of. */
  pass: number;
  bad: boolean;
}

const variableOf = (text: Text): { variable: string } | undefined =>
  text.pieces.find((piece): piece is { variable: string } => typeof piece !== "string");

const plain = (text: Text): string => text.pieces.filter((piece) => typeof piece === "string").join("");

/** Whether a text is a variable and nothing else; pieces that are empty do not count. */
const isAlone = ({ pieces }: Text): boolean => pieces.filter((piece) => piece !== "").length === 1;

/** A value as jail.conf has it, its variables in place. */
function written(pieces: readonly ConfPiece[]): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : `\${${piece.variable}}`)).join("");
}

/** The jails that blocks describe, with what wildcards and parameters outside of blocks give them, as jail(8) has them. */
export function resolveBlocks(blocks: readonly ConfBlock[], problems: ConfProblem[]): ResolvedJail[] {
  const wild = blocks.map((block, order) => ({ block, order })).filter(({ block }) => isWildcard(block.name));
  const jails: ResolvedJail[] = [];
  const names = new KnownNames();
  for (const [order, block] of blocks.entries()) {
    if (isWildcard(block.name)) continue;
    const jail = new JailDraft(block, problems, names);
    let own = false;
    for (const each of wild) {
      if (!own && order < each.order) {
        jail.addAll(block);
        own = true;
      }
      if (matchesWildcard(block.name, each.block.name)) jail.addAll(each.block);
    }
    if (!own) jail.addAll(block);
    jails.push(jail.resolve());
  }
  return jails;
}

class JailDraft {
  readonly #block: ConfBlock;
  readonly #problems: ConfProblem[];
  readonly #names: KnownNames;
  #parameters: Draft[] = [];
  #byName = new Map<string, Draft>();
  #named: boolean;
  #failed = false;

  constructor(block: ConfBlock, problems: ConfProblem[], names: KnownNames) {
    this.#block = block;
    this.#names = names;
    this.#problems = problems;
    this.#named = !JID.test(block.name);
    this.#imply(this.#named ? "name" : "jid");
  }

  #imply(name: string): void {
    const values = [{ pieces: [this.#block.name] }];
    this.#parameters.push({ name, isVariable: false, values, origins: [], pass: 0, bad: false });
  }

  #fail(base: string, message: string, place: ConfPlace | undefined): void {
    this.#failed = true;
    const jail = latin1ToText(this.#block.name);
    this.#problems.push({
      place,
      base: `${jail}: ${latin1ToText(base)}`,
      message: `jail ${jail}: ${latin1ToText(message)}`,
      jail,
    });
  }

  addAll(block: ConfBlock): void {
    for (const parameter of block.parameters) this.#add(parameter, block.name);
  }

  #add({ name, isVariable, operator, values, place }: ConfParameter, block: string): void {
    const texts = values.map((pieces) => ({ pieces: [...pieces] }));
    const origin: ConfOrigin = { place, block, operator, written: values.map(written) };
    const known = this.#parameters.find((each) => sameParameter(each.name, name));
    const shared = `variable "$${name}" cannot have the same name as a parameter.`;
    const advice = `$${name} has a parameter's name: give the variable another`;
    if (known === undefined) {
      this.#parameters.push({ name, isVariable, values: texts, origins: [origin], pass: 0, bad: false });
      const special = this.#names.of(name).known;
      if (isVariable && special !== undefined) this.#fail(shared, advice, place);
      if (!isVariable && special === "name") this.#named = true;
      return;
    }
    if (known.isVariable !== isVariable) return this.#fail(shared, advice, place);
    if (!isVariable && SETTLED.includes(this.#names.of(known.name).known ?? "")) {
      const meant = `${known.name} is settled already, by the block's name or by a parameter`;
      return this.#fail(`cannot redefine parameter "${known.name}".`, meant, place);
    }
    known.name = name;
    if (operator !== "+=" || texts.length === 0) [known.values, known.origins] = [[], []];
    known.values.push(...texts);
    known.origins.push(origin);
  }

  resolve(): ResolvedJail {
    if (!this.#named) this.#imply("name");
    this.#substitute();
    const { name, place } = this.#block;
    const parameters = this.#parameters
      .filter(({ isVariable }) => !isVariable)
      .map(({ name, values, origins }) => ({
        name,
        values: values.map(plain),
        isPseudo: this.#names.of(name).isPseudo,
        origins,
      }));
    return { name, parameters, failed: this.#failed, place };
  }

  /** Puts variables in, those that have variables themselves first, in base's order, which its messages show. */
  #substitute(): void {
    const list = this.#parameters;
    this.#byName = new Map();
    for (const each of list) if (!this.#byName.has(each.name)) this.#byName.set(each.name, each);
    let pass = 0;
    for (let at = 0; at < list.length; at++) {
      const parameter = list[at] as Draft;
      parameter.pass = ++pass;
      const first = this.#fill(parameter, pass);
      if (first === undefined) continue;
      // What it needs comes before it, and it is looked at again after that.
      let needed: Draft | undefined = first;
      for (let current = parameter; needed !== undefined; needed = this.#fill(current, pass)) {
        list.splice(list.indexOf(needed, at), 1);
        list.splice(at, 0, needed);
        needed.pass = pass;
        current = needed;
      }
    }
  }

  /** Puts a parameter's variables in; returns the first that has variables itself, where there is one. */
  #fill(parameter: Draft, pass: number): Draft | undefined {
    for (let at = 0; at < parameter.values.length; at++) {
      const text = parameter.values[at] as Text;
      for (let variable = variableOf(text); variable !== undefined; variable = variableOf(text)) {
        const source = this.#byName.get(variable.variable);
        const place = parameter.origins.at(-1)?.place;
        const put = (value: string): void => {
          text.pieces[text.pieces.indexOf(variable as ConfPiece)] = value;
        };
        const spoil = (base: string, message: string): void => {
          this.#fail(base, message, place);
          for (const each of this.#parameters) if (each.pass === pass) each.bad = true;
          put("");
        };
        if (source === undefined || source.values.length === 0) {
          const meant = `${parameter.name}: there is no variable or parameter "${variable.variable}" with a value`;
          spoil(`${parameter.name}: variable "${variable.variable}" not found`, meant);
        } else if (source.bad) {
          this.#failed = true;
          for (const each of this.#parameters) if (each.pass === pass) each.bad = true;
          put("");
        } else if (source.pass === pass) {
          spoil(`${variable.variable}: variable loop`, `${parameter.name}: $${variable.variable} needs itself`);
        } else if (source.values.some((value) => variableOf(value) !== undefined)) {
          return source;
        } else if (source.values.length > 1 && !isAlone(text)) {
          const meant = `${parameter.name}: $${variable.variable} is a list, which cannot stand inside of a longer text`;
          spoil(`${parameter.name}: array cannot be substituted inline`, meant);
        } else {
          const [one = "", ...more] = source.values.map(plain);
          put(one);
          parameter.values.splice(at + 1, 0, ...more.map((value) => ({ pieces: [value] })));
          at += more.length;
        }
      }
    }
    return undefined;
  }
}

/** What base knows of names, looked up once for each. */
class KnownNames {
  readonly #found = new Map<string, { readonly known: string | undefined; readonly isPseudo: boolean }>();

  of(name: string): { readonly known: string | undefined; readonly isPseudo: boolean } {
    let found = this.#found.get(name);
    if (found === undefined) {
      const known = KNOWN.find((each) => sameParameter(name, each));
      const shared: readonly string[] = SHARED_PARAMETERS;
      found = {
        known,
        isPseudo: known !== undefined && Object.hasOwn(PSEUDO_PARAMETERS, known) && !shared.includes(known),
      };
      this.#found.set(name, found);
    }
    return found;
  }
}

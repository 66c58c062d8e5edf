import { latin1ToText } from "../bytes-text.js";
import { PSEUDO_PARAMETERS, SHARED_PARAMETERS } from "../lifecycle/parameters.js";
import type { ConfBlock, ConfParameter, ConfPiece, ConfPlace, ConfProblem } from "./model.js";
import { isWildcard, matchesWildcard, sameNames, sameParameter } from "./names.js";

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

/** From how many parameters on they are looked up by a table. */
const MANY = 16;

/** Parameters that a jail has once and for all. */
const SETTLED = ["jid", "name"];

/** A value with variables in it; one without is a string. */
interface Text {
  readonly pieces: ConfPiece[];
}

interface Draft {
  name: string;
  readonly isVariable: boolean;
  values: (string | Text)[];
  origins: ConfOrigin[];
  /** The pass of substitution that it is part of. */
  pass: number;
  bad: boolean;
  /** The lists that take the place of values, by where these are. */
  lists: Map<number, readonly string[]> | undefined;
}

/** What every jail that gets a parameter shares of it. */
interface Given {
  readonly origin: ConfOrigin;
  readonly values: readonly (string | readonly ConfPiece[])[];
}

const hasVariable = (value: string | Text): boolean => typeof value !== "string" && value.pieces.some(isVariable);

const isVariable = (piece: ConfPiece): piece is { readonly variable: string } => typeof piece !== "string";

/** A value's text; a variable that is still in it counts for nothing. */
const plain = (value: string | Text): string =>
  typeof value === "string" ? value : value.pieces.filter((piece) => !isVariable(piece)).join("");

/** Whether a text is a variable and nothing else; pieces that are empty do not count. */
const isAlone = ({ pieces }: Text): boolean => pieces.filter((piece) => piece !== "").length === 1;

/** A value as jail.conf has it, its variables in place. */
function written(pieces: readonly ConfPiece[]): string {
  const [first] = pieces;
  if (pieces.length === 1 && typeof first === "string") return first;
  return pieces.map((piece) => (isVariable(piece) ? `\${${piece.variable}}` : piece)).join("");
}

function givenBy({ operator, values, place }: ConfParameter, block: string): Given {
  const texts = values.map(written);
  return {
    origin: { place, block, operator, written: texts },
    values: values.map((pieces, at) => (pieces.some(isVariable) ? pieces : (texts[at] as string))),
  };
}

/** The jails that blocks describe, with what wildcards and parameters outside of blocks give them, as jail(8) has them. */
export function resolveBlocks(blocks: readonly ConfBlock[], problems: ConfProblem[]): ResolvedJail[] {
  const wild = blocks.map((block, order) => ({ block, order })).filter(({ block }) => isWildcard(block.name));
  const jails: ResolvedJail[] = [];
  const shared = { names: new KnownNames(), given: new Map<ConfParameter, Given>() };
  for (const [order, block] of blocks.entries()) {
    if (isWildcard(block.name)) continue;
    const jail = new JailDraft(block, problems, shared);
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

/** What all jails of a configuration are made with. */
interface Shared {
  readonly names: KnownNames;
  /** Of parameters that more than one jail gets: those of wildcards and from outside of blocks. */
  readonly given: Map<ConfParameter, Given>;
}

class JailDraft {
  readonly #block: ConfBlock;
  readonly #problems: ConfProblem[];
  readonly #names: KnownNames;
  readonly #given: Map<ConfParameter, Given>;
  readonly #parameters: Draft[] = [];
  #byName = new Map<string, Draft>();
  /** What the pass of substitution that goes on has to do with. */
  #touched: Draft[] = [];
  /** The parameters by name, once there are many. */
  #index: Map<string, Draft> | undefined;
  #named: boolean;
  #failed = false;

  constructor(block: ConfBlock, problems: ConfProblem[], { names, given }: Shared) {
    this.#block = block;
    this.#names = names;
    this.#given = given;
    this.#problems = problems;
    this.#named = !JID.test(block.name);
    this.#imply(this.#named ? "name" : "jid");
  }

  #imply(name: string): void {
    this.#put(name, false, [this.#block.name], []);
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
    const isShared = block !== this.#block;
    for (const parameter of block.parameters) this.#add(parameter, block.name, isShared);
  }

  #givenBy(parameter: ConfParameter, block: string, isShared: boolean): Given {
    let given = isShared ? this.#given.get(parameter) : undefined;
    if (given === undefined) {
      given = givenBy(parameter, block);
      if (isShared) this.#given.set(parameter, given);
    }
    return given;
  }

  #put(name: string, isVariable: boolean, values: (string | Text)[], origins: ConfOrigin[]): void {
    const draft = { name, isVariable, values, origins, pass: 0, bad: false, lists: undefined };
    this.#parameters.push(draft);
    this.#index?.set(name, draft);
  }

  /** The first parameter that a name means, also with or without a "no". */
  #known(name: string): Draft | undefined {
    const parameters = this.#parameters;
    if (this.#index === undefined && parameters.length < MANY) {
      return parameters.find((each) => sameParameter(each.name, name));
    }
    this.#index ??= new Map(parameters.map((each) => [each.name, each]));
    let found: Draft | undefined;
    for (const other of sameNames(name)) {
      const draft = this.#index.get(other);
      if (draft === undefined || draft === found) continue;
      const isFirst = found === undefined || parameters.indexOf(draft) < parameters.indexOf(found);
      if (isFirst) found = draft;
    }
    return found;
  }

  #add(parameter: ConfParameter, block: string, isShared: boolean): void {
    const { name, isVariable, operator, place } = parameter;
    const { origin, values: own } = this.#givenBy(parameter, block, isShared);
    const texts = own.map((value) => (typeof value === "string" ? value : { pieces: [...value] }));
    const known = this.#known(name);
    const shared = `variable "$${name}" cannot have the same name as a parameter.`;
    const advice = `$${name} has a parameter's name: give the variable another`;
    if (known === undefined) {
      this.#put(name, isVariable, texts, [origin]);
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
    if (known.name !== name) {
      this.#index?.delete(known.name);
      this.#index?.set(name, known);
      known.name = name;
    }
    if (operator !== "+=" || texts.length === 0) [known.values, known.origins] = [[], []];
    known.values.push(...texts);
    known.origins.push(origin);
  }

  resolve(): ResolvedJail {
    if (!this.#named) this.#imply("name");
    this.#substitute();
    const { name, place } = this.#block;
    const parameters: ResolvedParameter[] = [];
    for (const { name, isVariable, values, origins } of this.#parameters) {
      if (isVariable) continue;
      const { isPseudo } = this.#names.of(name);
      parameters.push({ name, values: values.map(plain), isPseudo, origins });
    }
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
      this.#touched = [parameter];
      const first = this.#fill(parameter, pass);
      if (first === undefined) continue;
      // What it needs comes before it, and it is looked at again after that.
      let needed: Draft | undefined = first;
      for (let current = parameter; needed !== undefined; needed = this.#fill(current, pass)) {
        list.splice(list.indexOf(needed, at), 1);
        list.splice(at, 0, needed);
        needed.pass = pass;
        this.#touched.push(needed);
        current = needed;
      }
    }
  }

  /** Puts a parameter's variables in; returns the first that has variables itself, where there is one. */
  #fill(parameter: Draft, pass: number): Draft | undefined {
    for (let at = 0; at < parameter.values.length; at++) {
      const text = parameter.values[at];
      if (text === undefined || typeof text === "string") continue;
      for (
        let variable = text.pieces.find(isVariable);
        variable !== undefined;
        variable = text.pieces.find(isVariable)
      ) {
        const source = this.#byName.get(variable.variable);
        if (source !== undefined && !source.bad && source.pass !== pass && source.values.some(hasVariable))
          return source;
        const found = this.#value(parameter, variable.variable, source, text, pass);
        text.pieces[text.pieces.indexOf(variable)] = found[0] ?? "";
        if (found.length > 1) {
          parameter.lists ??= new Map();
          parameter.lists.set(at, found);
        }
      }
      parameter.values[at] = plain(text);
    }
    const { lists } = parameter;
    if (lists !== undefined) parameter.values = parameter.values.flatMap((value, at) => lists.get(at) ?? value);
    return undefined;
  }

  /** What a variable of a text stands for: its value, and those that follow where it is a list; nothing where it is wrong. */
  #value(parameter: Draft, name: string, source: Draft | undefined, text: Text, pass: number): string[] {
    const spoil = (base: string, message: string): string[] => {
      this.#fail(base, message, parameter.origins.at(-1)?.place);
      return this.#spoil();
    };
    if (source === undefined || source.values.length === 0) {
      const meant = `${parameter.name}: there is no variable or parameter "${name}" with a value`;
      return spoil(`${parameter.name}: variable "${name}" not found`, meant);
    }
    if (source.bad) return this.#spoil();
    if (source.pass === pass) return spoil(`${name}: variable loop`, `${parameter.name}: $${name} needs itself`);
    if (source.values.length > 1 && !isAlone(text)) {
      const meant = `${parameter.name}: $${name} is a list, which cannot stand inside of a longer text`;
      return spoil(`${parameter.name}: array cannot be substituted inline`, meant);
    }
    return source.values.map(plain);
  }

  /** All that this pass has touched is of no use. */
  #spoil(): string[] {
    this.#failed = true;
    for (const each of this.#touched) each.bad = true;
    return [];
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

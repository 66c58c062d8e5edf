import { latin1ToText } from "../bytes-text.js";
import { type Given, givenBy } from "./given.js";
import type { ConfBlock, ConfOrigin, ConfPlace, ConfProblem, ResolvedJail, ResolvedParameter } from "./model.js";
import { type Name, NameTable } from "./name-table.js";
import { isWildcard, matchesWildcard, sameParameter } from "./names.js";
import { type Draft, Substitution } from "./substitute.js";

/** A name that is a jid: a number in full, as strtol(3) reads it, and not 0. */
const JID = /^[ \t\n\v\f\r]*[+-]?0*[1-9][0-9]*$/;

/** Parameters that a jail has once and for all. */
const SETTLED = ["jid", "name"];

/** A block that gives its parameters to jails, and where it is among the others. */
interface Wild {
  readonly name: string;
  readonly order: number;
  readonly given: readonly Given[];
}

/** The jails that blocks describe, with what wildcards and parameters outside of blocks give them, as jail(8) has them. */
export function resolveBlocks(blocks: readonly ConfBlock[], problems: ConfProblem[]): ResolvedJail[] {
  const names = new NameTable();
  const wild: Wild[] = [];
  for (const [order, block] of blocks.entries()) {
    if (isWildcard(block.name)) wild.push({ name: block.name, order, given: givenBy(block, names) });
  }
  const jails: ResolvedJail[] = [];
  let passed = 0;
  for (let order = 0; order < blocks.length; order++) {
    if (wild[passed]?.order === order) passed++;
    else jails.push(resolveJail(blocks[order] as ConfBlock, wild, passed, problems, names));
  }
  return jails;
}

/** `passed`: how many of the wildcards come before the block. */
function resolveJail(
  block: ConfBlock,
  wild: readonly Wild[],
  passed: number,
  problems: ConfProblem[],
  names: NameTable,
): ResolvedJail {
  const jail = new JailDraft(block, problems, names);
  for (let at = 0; at <= wild.length; at++) {
    if (at === passed) jail.addAll(givenBy(block, names));
    const each = wild[at];
    if (each !== undefined && matchesWildcard(block.name, each.name)) jail.addAll(each.given);
  }
  return jail.resolve();
}

class JailDraft {
  readonly #block: ConfBlock;
  readonly #problems: ConfProblem[];
  readonly #names: NameTable;
  readonly #parameters: Draft[] = [];
  /** Two have come to one name: by negation, or as the name that a jid implies. The first of them counts. */
  #hasTwins = false;
  #isNamed: boolean;
  #hasVariables = false;
  #failed = false;

  constructor(block: ConfBlock, problems: ConfProblem[], names: NameTable) {
    this.#block = block;
    this.#names = names;
    this.#problems = problems;
    this.#isNamed = !JID.test(block.name);
    this.#imply(this.#isNamed ? "name" : "jid");
  }

  /** The `name` or `jid` that the block's name is. */
  #imply(text: string): void {
    const name = this.#names.of(text);
    const values = [this.#block.name];
    const origins: ConfOrigin[] = [];
    this.#put(name, false, values, origins, { name: text, values, isPseudo: name.isPseudo, origins });
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

  addAll(given: readonly Given[]): void {
    for (const each of given) this.#add(each);
  }

  #put(
    name: Name,
    isVariable: boolean,
    values: Draft["values"],
    origins: Draft["origins"],
    resolved: ResolvedParameter | undefined,
  ): void {
    const draft = { name, isVariable, values, origins, isOwn: false, resolved, pass: 0, bad: false };
    this.#parameters.push(draft);
    this.#take(name, draft);
  }

  #take(name: Name, draft: Draft): void {
    this.#hasTwins ||= this.#draftOf(name) !== undefined;
    name.owner = this;
    name.draft = draft;
  }

  #draftOf(name: Name): Draft | undefined {
    return name.owner === this ? name.draft : undefined;
  }

  /** The first parameter that a name means, also with or without a "no". */
  #known(name: Name): Draft | undefined {
    if (name.same.length === 1) return this.#draftOf(name);
    const parameters = this.#parameters;
    if (this.#hasTwins) return parameters.find((each) => sameParameter(each.name.text, name.text));
    let found: Draft | undefined;
    for (const same of name.same) {
      const draft = this.#draftOf(same);
      if (draft === undefined) continue;
      if (found === undefined || parameters.indexOf(draft) < parameters.indexOf(found)) found = draft;
    }
    return found;
  }

  /** The values for this jail alone: variables are put into them. */
  #valuesOf({ values, resolved }: Given): Draft["values"] {
    if (resolved !== undefined) return values as string[];
    this.#hasVariables = true;
    const own: Draft["values"] = [];
    for (const value of values) own.push(typeof value === "string" ? value : { pieces: [...value], list: undefined });
    return own;
  }

  #add(given: Given): void {
    const { name, isVariable, operator, place } = given;
    const draft = this.#known(name);
    if (draft === undefined) {
      this.#put(name, isVariable, this.#valuesOf(given), given.origins, given.resolved);
      if (isVariable && name.known !== undefined) this.#failVariable(name, place);
      if (!isVariable && name.known === "name") this.#isNamed = true;
      return;
    }
    if (draft.isVariable !== isVariable) return this.#failVariable(name, place);
    if (!isVariable && SETTLED.includes(draft.name.known ?? "")) {
      const meant = `${draft.name.text} is settled already, by the block's name or by a parameter`;
      return this.#fail(`cannot redefine parameter "${draft.name.text}".`, meant, place);
    }
    if (draft.name !== name) this.#rename(draft, name);
    const values = this.#valuesOf(given);
    if (operator !== "+=" || values.length === 0) {
      draft.values = values;
      draft.origins = given.origins;
      draft.resolved = given.resolved;
      draft.isOwn = false;
      return;
    }
    if (!draft.isOwn) {
      draft.values = [...draft.values];
      draft.origins = [...draft.origins];
      draft.resolved = undefined;
      draft.isOwn = true;
    }
    for (const value of values) draft.values.push(value);
    for (const origin of given.origins) draft.origins.push(origin);
  }

  #rename(draft: Draft, name: Name): void {
    draft.name.draft = undefined;
    this.#take(name, draft);
    draft.name = name;
  }

  #failVariable({ text }: Name, place: ConfPlace): void {
    const advice = `$${text} has a parameter's name: give the variable another`;
    this.#fail(`variable "$${text}" cannot have the same name as a parameter.`, advice, place);
  }

  resolve(): ResolvedJail {
    if (!this.#isNamed) this.#imply("name");
    if (this.#hasVariables) this.#substitute();
    const { name, place } = this.#block;
    const parameters: ResolvedParameter[] = [];
    for (const draft of this.#parameters) if (!draft.isVariable) parameters.push(resolved(draft));
    return { name, parameters, failed: this.#failed, place };
  }

  #substitute(): void {
    // Which comes first of two is settled before any changes its place.
    const twins = this.#hasTwins ? [...this.#parameters] : undefined;
    const source = (text: string): Draft | undefined =>
      twins === undefined ? this.#draftOf(this.#names.of(text)) : twins.find((each) => each.name.text === text);
    const fail = this.#fail.bind(this);
    new Substitution(this.#parameters, source, fail).run();
  }
}

/** A parameter as it ends, with no variables in it any more. */
function resolved({ name, values, origins, resolved: known }: Draft): ResolvedParameter {
  return known ?? { name: name.text, values: values as string[], isPseudo: name.isPseudo, origins };
}

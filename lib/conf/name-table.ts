import { PSEUDO_PARAMETERS, SHARED_PARAMETERS } from "../params/pseudo.js";
import { sameNames, sameParameter } from "./names.js";
import type { Draft } from "./substitute.js";

/** Names that base knows, which no variable may have. */
const KNOWN = [
  ...Object.keys(PSEUDO_PARAMETERS),
  ...["chflags", "mount", "raw_sockets", "set_hostname", "socket_af", "sysvipc"].map((word) => `allow.${word}`),
  ...["devfs_ruleset", "host.hostname", "jid", "name", "path", "persist", "securelevel", "vnet"],
];

/** A name of parameters in one configuration. */
export class Name {
  readonly text: string;
  /** The name of base's that it is, perhaps with a "no" more or less. */
  readonly known: string | undefined;
  readonly isPseudo: boolean;
  /** The names of the configuration that mean the same: it, and those with a "no" more or less. */
  readonly same: Name[] = [this];
  /** Who has a parameter of this name, of the jails one after the other, and which. */
  owner: object | undefined;
  draft: Draft | undefined;

  constructor(text: string) {
    const shared: readonly string[] = SHARED_PARAMETERS;
    const known = KNOWN.find((each) => sameParameter(text, each));
    this.text = text;
    this.known = known;
    this.isPseudo = known !== undefined && Object.hasOwn(PSEUDO_PARAMETERS, known) && !shared.includes(known);
  }
}

/** The names of one configuration: each is looked at once, however many jails have it. */
export class NameTable {
  readonly #names = new Map<string, Name>();

  of(text: string): Name {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = new Name(text);
      for (const other of sameNames(text)) {
        const same = this.#names.get(other);
        if (same === undefined || name.same.includes(same)) continue;
        name.same.push(same);
        same.same.push(name);
      }
      this.#names.set(text, name);
    }
    return name;
  }
}

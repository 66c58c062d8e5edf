import { sameParameter } from "../../../conf/names.js";
import { PSEUDO_PARAMETERS } from "../../../params/pseudo.js";
import { leadingInteger } from "./names.js";

/** Copies that jail(8) makes of parameters for its own steps. */
export type Copy = "ip4" | "ip6" | "fstab";

/** A parameter of a jail as jail(8) keeps it: text, in the order given. */
export interface KeptParameter {
  name: string;
  values: string[];
  /** Not for the kernel. */
  readonly internal: boolean;
  /** A copy for a step, beside the parameter it was made of. */
  readonly copy?: Copy;
  /** Nobody gave it: no list of parameters has it. */
  readonly implied?: boolean;
}

/** Steps that a copy stands for, and the order in which they are undone. */
const COPIES: Readonly<Record<Copy, string>> = { ip4: "ip4.addr", ip6: "ip6.addr", fstab: "mount.fstab" };

const SHARED = ["ip4.addr", "ip6.addr"];

function isInternal(name: string): boolean {
  return Object.keys(PSEUDO_PARAMETERS).some((known) => !SHARED.includes(known) && sameParameter(known, name));
}

/** What is to be done with a jail, and how far it got. */
export interface JailFlags {
  start: boolean;
  set: boolean;
  stop: boolean;
  cleanup: boolean;
  /** Only because another jail depends on it. */
  depend: boolean;
  /** Not named on the command line by itself. */
  wild: boolean;
  failed: boolean;
  /** Parameters were looked at. */
  checked: boolean;
  /** Create-only parameters were compared. */
  compared: boolean;
  /** Persists only while commands are to come. */
  persist: boolean;
  timedOut: boolean;
  /** Waits for a command or for its processes to end. */
  waiting: boolean;
  /** Was the first that waited for its turn to run a command. */
  fromRunnable: boolean;
}

const NO_FLAGS: JailFlags = {
  start: false,
  set: false,
  stop: false,
  cleanup: false,
  depend: false,
  wild: false,
  failed: false,
  checked: false,
  compared: false,
  persist: false,
  timedOut: false,
  waiting: false,
  fromRunnable: false,
};

/** How a command ended. */
export interface Ending {
  readonly status: number | null;
  readonly signal: string | null;
}

/** One jail of the configuration or of the command line. */
export class BaseJail {
  /** Undefined for the one that the command line describes: messages then carry no name. */
  readonly name: string | undefined;
  readonly parameters: KeptParameter[] = [];
  flags: JailFlags = { ...NO_FLAGS };
  /** 0: not asked for yet; -1: does not run. */
  jid = 0;
  /** Which steps are run, at which, and which of its values. */
  steps: readonly string[] | undefined;
  step = 0;
  item: number | undefined;
  commandLine = "";
  ending: Ending = { status: 0, signal: null };
  /** When waiting is over, by the machine's clock; undefined for no limit. */
  deadline: number | undefined;
  /** Dependencies not met yet. */
  waitsFor = 0;

  constructor(name: string | undefined) {
    this.name = name;
  }

  /** Goes back to what is to be done, forgetting how far it got. Having failed stays. */
  begin(operation: Partial<JailFlags>): void {
    this.flags = { ...NO_FLAGS, failed: this.flags.failed, ...operation };
  }

  /** The parameter of a name, with or without "no". */
  find(name: string): KeptParameter | undefined {
    return this.parameters.find((known) => known.copy === undefined && sameParameter(known.name, name));
  }

  /** A copy made for a step. */
  copyOf(copy: Copy): KeptParameter | undefined {
    return this.parameters.find((known) => known.copy === copy);
  }

  /**
   * Gives a parameter, after what it has already.
   *
   * @returns a message where the parameter may be given once only
   */
  add(name: string, values: readonly string[]): string | undefined {
    const known = this.find(name);
    if (known === undefined) {
      this.parameters.push({ name, values: [...values], internal: isInternal(name) });
      return undefined;
    }
    if (known.name === "jid" || known.name === "name") {
      this.flags.failed = true;
      return `cannot redefine parameter "${known.name}".`;
    }
    known.name = name;
    known.values = values.length === 0 ? [] : [...known.values, ...values];
    return undefined;
  }

  /** Takes a parameter as the configuration has it. */
  take(name: string, values: readonly string[]): void {
    this.parameters.push({ name, values: [...values], internal: isInternal(name) });
  }

  /** The kernel names a jail that was given no name by its jid. */
  nameByJid(): void {
    const values = [...(this.find("jid")?.values ?? [])];
    this.parameters.push({ name: "name", values, internal: false, implied: true });
  }

  /** Adds to a copy made for a step. */
  addCopy(copy: Copy, value: string): void {
    const known = this.copyOf(copy);
    if (known !== undefined) known.values.push(value);
    else this.parameters.push({ name: COPIES[copy], values: [value], internal: true, copy });
  }

  /** Whether a boolean is given and true. */
  boolean(name: string): boolean {
    const known = this.find(name);
    if (known === undefined) return false;
    const last = known.values.at(-1);
    const negated = known.name.slice(known.name.lastIndexOf(".") + 1).startsWith("no");
    const value = last === undefined || last.toLowerCase() === "true" || leadingInteger(last).value !== 0;
    return negated !== value;
  }

  /** The last value of a parameter. */
  text(name: string): string | undefined {
    return this.find(name)?.values.at(-1);
  }

  /** The last value of a parameter as a number. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : leadingInteger(text).value;
  }
}

/** Whether a jail is being taken down, which goes against its dependencies. */
export function goesDown(flags: JailFlags): boolean {
  return flags.stop && !flags.set;
}

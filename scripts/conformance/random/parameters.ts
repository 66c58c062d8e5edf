import type { Param } from "../recording.js";
import type { Dice } from "./dice.js";

/** What the kernel at hand has: what it lacks is asked for rarely. */
export interface Ability {
  /** Parameters of `allow.*`, without that prefix. */
  readonly permissions: readonly string[];
  /** Jail descriptors, meta and env. */
  readonly descriptors: boolean;
  /** Jails can be kept dying. */
  readonly keep: boolean;
  /** User ids that processes may take. */
  readonly users: readonly number[];
  /** Host settings may be written, and are set back afterwards. */
  readonly settings: readonly string[];
}

const HOSTNAMES = ["h1", "h2", "h3.example.org", ""];
const UUIDS = ["11111111-1111-1111-1111-111111111111", "u", ""];
const ADDRESSES4 = ["c0000201", "c0000202", "c0000203", "c6336401", "0a000001"];
const ADDRESSES6 = [1, 2, 3, 0xfffe].map((n) => `20010db80000000000000000${n.toString(16).padStart(8, "0")}`);
const MODES = ["vnet", "ip4", "ip6", "host"];
const SYSV = ["sysvmsg", "sysvsem", "sysvshm"];
/** Keys of a metadata. */
export const KEYS = ["k", "key", "k.x", "e"];

/** Where the kernel says what is wrong. */
export const errmsg = (size = 256): Param => ["errmsg", "out", size];

/** Things that may be said of a jail. */
export class RandomParameters {
  readonly #dice: Dice;
  readonly #ability: Ability;

  constructor(dice: Dice, ability: Ability) {
    this.#dice = dice;
    this.#ability = ability;
  }

  #addresses(family: 4 | 6): string {
    const dice = this.#dice;
    const list = family === 4 ? ADDRESSES4 : ADDRESSES6;
    const some = Array.from({ length: dice.pick([0, 1, 1, 1, 2, 3, 4]) }, () => dice.pick(list));
    if (dice.chance(3)) some.push(family === 4 ? dice.pick(["00000000", "ffffffff"]) : "0".repeat(32));
    if (dice.chance(2)) some.push("c0");
    // Without an address twice, mostly.
    return (dice.chance(95) ? [...new Set(some)] : some).join("");
  }

  #parameter(creates: boolean): Param {
    const dice = this.#dice;
    const { permissions, descriptors } = this.#ability;
    const roll = dice.below(100);
    if (roll < 16) {
      const name = dice.pick(permissions);
      const no = name.replace(/[^.]*$/, "no$&");
      return [`allow.${dice.chance(60) ? name : no}`, dice.chance(90) ? "null" : "int", 0];
    }
    if (roll < 24) return ["ip4.addr", "hex", this.#addresses(4)];
    if (roll < 32) return ["ip6.addr", "hex", this.#addresses(6)];
    // Of what a jail gets once: mostly for a new one. Of values that are refused: few.
    const once = creates || dice.chance(15);
    const odd = dice.chance(12);
    if (roll < 40 && once) return [dice.pick(MODES), "int", odd ? dice.pick([0, 3]) : dice.pick([1, 1, 2])];
    if (roll < 44) return [dice.pick(SYSV), "int", odd ? 3 : dice.pick([0, 1, 2])];
    if (roll < 52)
      return ["children.max", "int", odd ? dice.pick([999_998, 999_999, -1]) : dice.pick([0, 1, 2, 3, 5, 10])];
    if (roll < 56) return ["securelevel", "int", dice.pick([-1, 0, 1, 2, 3, 9])];
    if (roll < 60) return ["enforce_statfs", "int", odd ? dice.pick([3, -1]) : dice.pick([0, 1, 2])];
    if (roll < 64) return ["devfs_ruleset", "int", odd ? dice.pick([65535, 70000, -1]) : dice.pick([0, 1, 4, 5])];
    if (roll < 68) {
      return ["host.hostname", "string", odd ? dice.pick(["x".repeat(255), "x".repeat(256)]) : dice.pick(HOSTNAMES)];
    }
    if (roll < 71) return ["host.domainname", "string", dice.pick(HOSTNAMES)];
    if (roll < 74)
      return ["host.hostuuid", "string", odd ? dice.pick(["u".repeat(63), "u".repeat(64)]) : dice.pick(UUIDS)];
    if (roll < 77) return ["host.hostid", odd ? "int" : "long", dice.pick([0, 1, 4294967295])];
    if (roll < 80 && once) {
      const odds = ["/nosuch", "/etc/passwd", "tmp", ""];
      return ["path", "string", dice.pick(odd ? odds : ["/", "/tmp", "/usr/", "/usr/../tmp"])];
    }
    if (roll < 82 && once)
      return ["osrelease", "string", odd ? "r".repeat(31) : dice.pick(["9.9-TEST", "", "r".repeat(30)])];
    if (roll < 84 && once) return ["osreldate", "int", odd ? 0 : dice.pick([900_000, -1])];
    if (roll < 89) return [dice.pick(["ip4.saddrsel", "ip4.nosaddrsel", "ip6.saddrsel", "ip6.nosaddrsel"]), "null"];
    if (roll < 96 && descriptors) return this.#metadata(creates);
    if (roll < 97 || !odd) return ["host", "int", dice.pick([1, 2])];
    if (roll < 98) return [dice.pick(["no.such", "allow.nosuch", "Persist", "meta", "ip4.foo"]), "int", 1];
    return this.#wrong();
  }

  #metadata(creates: boolean): Param {
    const dice = this.#dice;
    const family = dice.pick(["meta", "env"]);
    const key = dice.chance(60) ? `.${dice.pick(KEYS)}` : "";
    if (key !== "" && dice.chance(25)) return [family + key, "null"];
    const texts = key === "" ? ["k=1\ne=2", "key=v", "k=1\nk=2\n", "free text", ""] : ["v", "", "1=2", "two\nlines"];
    // A new jail whose metadata is refused stays dying for ever.
    if (!creates && dice.chance(8)) return [family + key, "hex", dice.pick(["6b3d31", "00", "0000", "6b3d3100410a00"])];
    if (!creates && dice.chance(4)) return [family + key, "string", "m".repeat(dice.pick([20, 4080, 4096, 5000]))];
    return [family + key, "string", dice.pick(texts)];
  }

  /** Of a wrong size. */
  #wrong(): Param {
    const dice = this.#dice;
    const name = dice.pick([
      "jid",
      "name",
      "persist",
      "securelevel",
      "ip4",
      "host.hostname",
      "path",
      "osreldate",
      "sysvshm",
    ]);
    return dice.pick<Param>([
      [name, "null"],
      [name, "hex", "01"],
      [name, "hex", "0102030405060708"],
      [name, "hex", "2f"],
      [name, "nullout", 4],
    ]);
  }

  /** Some of them, for a jail that is made (`creates`) or changed. */
  some(creates: boolean): Param[] {
    const dice = this.#dice;
    const params = Array.from({ length: dice.below(5) }, () => this.#parameter(creates));
    // Now and then the same once more, of which the last counts.
    if (params.length > 0 && dice.chance(6)) params.push(dice.pick(params));
    return params;
  }

  /** Where the kernel is to say what is wrong: mostly one place of the usual size. */
  errmsg(): Param[] {
    if (this.#dice.chance(92)) return [errmsg()];
    return this.#dice.pick<Param[]>([[], [errmsg(1)], [errmsg(8)], [errmsg(1024)], [["errmsg", "null"]]]);
  }
}

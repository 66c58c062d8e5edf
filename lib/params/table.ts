import type { RawSysctlNode } from "../binding.js";

/** How a parameter's value is encoded. `unknown`: a format that only the kernel's own tools know; bytes are given and taken. */
export type ParameterKind =
  | "boolean"
  | "int"
  | "uint"
  | "long"
  | "ulong"
  | "jailsys"
  | "string"
  | "keyvalue"
  | "ip4"
  | "ip6"
  | "unknown";

/** One parameter, as the kernel's own table describes it. */
export interface Parameter {
  /** The kernel's own, `allow.raw_sockets`. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** Bytes of a value: of a text with its NUL at most, of one element of a list. */
  readonly size: number;
  /** `"always"`, at `"creation"` only, or `"never"`. */
  readonly settable: "always" | "creation" | "never";
  /** What the kernel says of it, in its words. */
  readonly description: string;
}

const PREFIX = "security.jail.param.";
// Types and flags of <sys/sysctl.h>.
const [TYPE, INT, STRING, LONG, ULONG, UINT] = [0xf, 2, 3, 7, 8, 15];
const [WRITABLE, TUNABLE] = [0x40000000, 0x00080000];

function kindOf(node: RawSysctlNode): ParameterKind {
  const type = node.kind & TYPE;
  if (node.format === "B") return "boolean";
  if (node.format === "E,jailsys") return "jailsys";
  if (node.format === "S,in_addr,a") return "ip4";
  if (node.format === "S,in6_addr,a") return "ip6";
  if (node.format === "A,keyvalue") return "keyvalue";
  if (type === STRING) return "string";
  if (type === INT) return "int";
  if (type === UINT) return "uint";
  if (type === LONG) return "long";
  return type === ULONG ? "ulong" : "unknown";
}

function sizeOf(kind: ParameterKind, value: Uint8Array): number {
  if (kind === "string" || kind === "keyvalue")
    return Number.parseInt(Buffer.from(value).toString("latin1"), 10) || 1024;
  if (kind === "ip4") return 4;
  if (kind === "ip6") return 16;
  return kind === "long" || kind === "ulong" ? 8 : 4;
}

/** The parameters that a kernel has, by name: from its nodes under `security.jail.param`. */
export class ParameterTable {
  readonly #parameters = new Map<string, Parameter>();

  constructor(nodes: readonly RawSysctlNode[]) {
    // The kernel lists the newest node first.
    for (const node of [...nodes].reverse()) {
      // A node that is a parameter and a group of others ends in a dot: `ip4.`
      const name = node.name.slice(PREFIX.length).replace(/\.$/, "");
      const kind = kindOf(node);
      const settable = node.kind & WRITABLE ? "always" : node.kind & TUNABLE ? "creation" : "never";
      const { description } = node;
      this.#parameters.set(name, { name, kind, size: sizeOf(kind, node.value), settable, description });
    }
  }

  /** The parameter of this name; undefined where this kernel has none. */
  get(name: string): Parameter | undefined {
    return this.#parameters.get(name);
  }

  /** The boolean that `name` is the negation of: `allow.mount` for `allow.nomount`. */
  negated(name: string): Parameter | undefined {
    const at = name.lastIndexOf(".") + 1;
    if (!name.startsWith("no", at)) return undefined;
    const parameter = this.#parameters.get(name.slice(0, at) + name.slice(at + 2));
    return parameter?.kind === "boolean" ? parameter : undefined;
  }

  /** The key-value parameter that `name` is a key of: `meta` for `meta.owner`. */
  keyed(name: string): Parameter | undefined {
    const at = name.indexOf(".");
    const parameter = at === -1 ? undefined : this.#parameters.get(name.slice(0, at));
    return parameter?.kind === "keyvalue" ? parameter : undefined;
  }

  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.#parameters.values();
  }
}

/** The name that clears a boolean: `allow.nomount` for `allow.mount`. */
export function negate(name: string): string {
  const at = name.lastIndexOf(".") + 1;
  return `${name.slice(0, at)}no${name.slice(at)}`;
}

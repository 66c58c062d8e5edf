/** The other kind of recording: every sysctl below `security.jail`, as the kernel describes it. */
import { readFileSync } from "node:fs";
import type { RawSysctlNode } from "../../lib/binding.js";

export interface RecordedNode {
  readonly name: string;
  /** Flags and type in one number. */
  readonly kind: number;
  /** The type alone: 3 is a string. */
  readonly type: number;
  readonly format: string;
  readonly size: number;
  /** Strings as text, others in hex as in memory. */
  readonly value: string;
  readonly description: string;
}

const STRING = 3;

/** @throws Error where the file cannot be read or is no list of nodes. */
export function readParameters(file: string): readonly RecordedNode[] {
  const nodes: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (
    !Array.isArray(nodes) ||
    !nodes.every((node) => typeof node?.name === "string" && typeof node.kind === "number")
  ) {
    throw new Error(`${file}: not a list of sysctl nodes`);
  }
  return nodes;
}

function textOf(node: RawSysctlNode, type: number): string {
  const bytes = Buffer.from(node.value);
  return type === STRING ? bytes.toString("utf8").replace(/\0.*$/s, "") : bytes.toString("hex");
}

/** What is unlike in one node; undefined where nothing is. */
function unlike(recorded: RecordedNode, node: RawSysctlNode | undefined): string | undefined {
  if (node === undefined) return "is not there";
  const actual = {
    kind: node.kind,
    format: node.format,
    description: node.description,
    size: node.value.length,
    value: textOf(node, recorded.type),
  };
  for (const key of ["kind", "format", "size", "value", "description"] as const) {
    if (actual[key] !== recorded[key]) {
      return `${key} is ${JSON.stringify(actual[key])}, recorded ${JSON.stringify(recorded[key])}`;
    }
  }
  return undefined;
}

/** One line for each node that differs, is missing or is not in the recording. */
export function unlikeNodes(recorded: readonly RecordedNode[], nodes: readonly RawSysctlNode[]): string[] {
  const found = new Map(nodes.map((node) => [node.name, node]));
  const known = new Set(recorded.map(({ name }) => name));
  const lines = recorded.flatMap((node) => {
    const what = unlike(node, found.get(node.name));
    return what === undefined ? [] : [`${node.name}: ${what}`];
  });
  for (const { name } of nodes) if (!known.has(name)) lines.push(`${name}: is not in the recording`);
  return lines;
}

/** What a word on the command line stands for; completion offers candidates by it. */
export type OperandKind =
  | "jail"
  | "defined"
  | "known"
  | "parameter"
  | "setting"
  | "file"
  | "command"
  | "shell"
  | "word";

/** One option of a command. */
export interface OptionManual {
  /** `--json`, or `-j, --jail`. */
  readonly flags: string;
  /** What its value is called, where it takes one. */
  readonly value?: string;
  /** What its value stands for. */
  readonly kind?: OperandKind;
  readonly text: string;
}

/** What `--help`, completion and the list of commands know of one command. */
export interface CommandManual {
  readonly name: string;
  readonly group: "jails" | "inside" | "lifecycle" | "configuration" | "base" | "other";
  readonly summary: string;
  /** What stands after `bsdjail NAME`, a line each. */
  readonly usage: readonly string[];
  /** What each operand stands for; the last one repeats. */
  readonly operands: readonly OperandKind[];
  readonly options: readonly OptionManual[];
  readonly notes?: readonly string[];
  readonly examples: readonly { readonly line: string; readonly text: string }[];
  /** Statuses beyond those that every command has. */
  readonly statuses?: readonly { readonly status: string; readonly text: string }[];
  /** It takes the arguments of the program of that name, none of ours. */
  readonly base?: boolean;
}

/** Titles of the groups, in the order in which they are listed. */
export const GROUPS: Readonly<Record<CommandManual["group"], string>> = {
  jails: "One jail",
  inside: "Inside a jail",
  lifecycle: "Jails of jail.conf",
  configuration: "jail.conf",
  base: "FreeBSD's own, byte for byte",
  other: "More",
};

/** Statuses that every command but the base ones has. */
export const STATUSES: readonly { readonly status: string; readonly text: string }[] = [
  { status: "0", text: "done" },
  { status: "1", text: "refused by the kernel or the machine, or no such jail" },
  { status: "2", text: "the command line was wrong; nothing was done" },
  { status: "130", text: "interrupted" },
];

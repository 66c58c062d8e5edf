/** Where something is written: lines and columns from 1, columns in bytes. */
export interface ConfPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A stretch of a file, in bytes from its beginning; `end` is after it. */
export interface ConfSpan {
  readonly start: number;
  readonly end: number;
}

/** A piece of a value: text, or a variable by its name. */
export type ConfPiece = string | { readonly variable: string };

/** A parameter or variable as it is written. */
export interface ConfParameter {
  /** Without the `$` of a variable. */
  readonly name: string;
  /** It is a variable, `$name = value;`. */
  readonly isVariable: boolean;
  /** `name;`, `name = value;`, `name += value;`, `name value;`. */
  readonly operator: "none" | "=" | "+=" | "blank";
  /** Each value in its pieces; empty where only the name is given. */
  readonly values: readonly (readonly ConfPiece[])[];
  readonly place: ConfPlace;
  /** From its name to its `;`, that included. */
  readonly span: ConfSpan;
}

/** A block of parameters; those outside of any are in one named `*`. */
export interface ConfBlock {
  /** The full name: of a nested block after that of the block around it. */
  readonly name: string;
  readonly place: ConfPlace;
  readonly parameters: ConfParameter[];
  /** It has the parameters outside of blocks. */
  readonly isGlobal: boolean;
  /** From its name to its `}`, and what is between the braces. Where nothing closes it, and outside of blocks: empty. */
  span: ConfSpan;
  body: ConfSpan;
}

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

/** Something wrong with a text. */
export interface ConfProblem {
  /** Undefined where the problem is not of one place, such as a file that cannot be read. */
  readonly place: ConfPlace | undefined;
  /** What is wrong, with the offending text and what was meant where that can be told. */
  readonly message: string;
  /** jail(8)'s words for it. */
  readonly base: string;
  /** The jail that cannot be used because of it; undefined where no jail can. */
  readonly jail?: string;
}

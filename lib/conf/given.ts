import type { ConfBlock, ConfOrigin, ConfParameter, ConfPiece, ConfPlace, ResolvedParameter } from "./model.js";
import type { Name, NameTable } from "./name-table.js";

/** A parameter as a block gives it, the same for each jail that gets it. */
export interface Given {
  readonly name: Name;
  readonly isVariable: boolean;
  readonly operator: ConfParameter["operator"];
  readonly place: ConfPlace;
  /** A text for each value that has no variables, its pieces for one that has. */
  readonly values: (string | readonly ConfPiece[])[];
  readonly origins: ConfOrigin[];
  /** The parameter of a jail that gets nothing else by this name; undefined where its values have variables. */
  readonly resolved: ResolvedParameter | undefined;
}

/** A value as jail.conf has it, its variables in place. */
function written(pieces: readonly ConfPiece[]): string {
  const [first] = pieces;
  if (pieces.length === 1 && typeof first === "string") return first;
  return pieces.map((piece) => (typeof piece === "string" ? piece : `\${${piece.variable}}`)).join("");
}

function hasVariable(pieces: readonly ConfPiece[]): boolean {
  for (const piece of pieces) if (typeof piece !== "string") return true;
  return false;
}

/** What a block gives. */
export function givenBy(block: ConfBlock, names: NameTable): Given[] {
  const given: Given[] = [];
  for (const parameter of block.parameters) given.push(givenAs(parameter, block.name, names.of(parameter.name)));
  return given;
}

function givenAs({ isVariable, operator, place, values }: ConfParameter, block: string, name: Name): Given {
  // Most have one value: what is made for it alone has room for no more.
  const [first] = values;
  const texts = values.length === 1 && first !== undefined ? [written(first)] : values.map(written);
  const origins = [{ place, block, operator, written: texts }];
  let resolved: ResolvedParameter | undefined;
  let shared: Given["values"] = texts;
  if (values.some(hasVariable)) {
    shared = values.map((pieces, at) => (hasVariable(pieces) ? pieces : (texts[at] as string)));
  } else resolved = { name: name.text, values: texts, isPseudo: name.isPseudo, origins };
  return { name, isVariable, operator, place, values: shared, origins, resolved };
}

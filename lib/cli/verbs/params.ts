import type { Parameter, ParameterKind } from "../../params/table.js";
import { usageFailure } from "../failure.js";
import type { CliIo } from "../io.js";
import { paintFor, table, writeJson } from "../output.js";
import { nearest } from "../words.js";
import { runVerb } from "./run.js";

const TYPES: Readonly<Record<ParameterKind, string>> = {
  boolean: "boolean",
  int: "integer",
  uint: "unsigned",
  long: "long",
  ulong: "unsigned long",
  jailsys: "jailsys",
  string: "string",
  keyvalue: "keyvalue",
  ip4: "ip4",
  ip6: "ip6",
  unknown: "struct",
};

const SETTABLE = { always: "yes", creation: "at creation", never: "no" };

/** `bsdjail params [PARAMETER ...]` */
export function paramsCommand(argv: string[], io: CliIo): Promise<number> {
  return runVerb("params", argv, io, {}, async ({ host, json, kernel }, { operands }) => {
    const all = Array.from(host.parameters).sort((one, other) => (one.name < other.name ? -1 : 1));
    const shown = operands.length === 0 ? all : operands.flatMap((name) => below(all, name));
    if (json) writeJson(io.stdout, { kernel, parameters: shown.map(report) });
    else {
      const columns = [{ title: "PARAMETER" }, { title: "TYPE" }, { title: "SETTABLE" }, { title: "MEANING" }];
      const rows = shown.map((each) => [each.name, typeText(each), SETTABLE[each.settable], each.description]);
      io.stdout.write(table(columns, rows, paintFor(io, io.stdout)));
    }
  });
}

/** A parameter and those below it. @throws CliFailure where there is none */
function below(all: readonly Parameter[], name: string): Parameter[] {
  const found = all.filter((each) => each.name === name || each.name.startsWith(`${name}.`));
  if (found.length > 0) return found;
  const near = nearest(
    name,
    all.map((each) => each.name),
  );
  throw usageFailure(`unknown parameter: ${name}`, near === undefined ? undefined : `Did you mean ${near}?`);
}

function isList({ kind }: Parameter): boolean {
  return kind === "ip4" || kind === "ip6";
}

function typeText(parameter: Parameter): string {
  return isList(parameter) ? `list of ${TYPES[parameter.kind]}` : TYPES[parameter.kind];
}

function report(parameter: Parameter) {
  const { name, kind, size, settable, description } = parameter;
  const text = kind === "string" || kind === "keyvalue";
  return {
    name,
    type: TYPES[kind],
    array: isList(parameter),
    settable,
    ...(text ? { maximum: size } : {}),
    description,
  };
}

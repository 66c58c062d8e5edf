import { resolve } from "node:path";
import { loadAll } from "../../conf/all.js";
import { negate } from "../../params/table.js";
import type { CliIo } from "../io.js";
import type { OperandKind } from "../manual/model.js";
import { openHost } from "./run.js";

/**
 * What a shell takes as it is. Whoever may make jails in a jail chooses their names; a completed word goes into a line that a
 * person then runs, so no other name is ever put there, and none that would be an option.
 */
const PLAIN_WORD = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.:@%+,-]*$/u;

/** Names of this machine that can stand for an operand: its jails, or the kernel's parameters. */
export function completionNames(kind: OperandKind, io: CliIo): string[] {
  const { host } = openHost(io, true);
  const plain = (names: readonly string[]) => names.filter((name) => PLAIN_WORD.test(name));
  if (kind === "defined" || kind === "known") {
    const { BSDJAIL_ROOT: root } = io.env;
    const defined = loadAll(host.simulation !== undefined && root ? resolve(io.cwd, root) : undefined).jails;
    const running = kind === "known" ? host.listSync(["name"]).map((row) => row.name) : [];
    return plain([...new Set([...defined.map(({ name }) => name), ...running])]);
  }
  if (kind === "jail") return plain(host.listSync(["name"]).map((row) => row.name));
  const parameters = Array.from(host.parameters);
  if (kind === "parameter") return parameters.map(({ name }) => name).sort();
  if (kind !== "setting") return [];
  const settings = parameters
    .filter(({ settable }) => settable !== "never")
    .flatMap(({ name, kind: type }) => (type === "boolean" ? [name, negate(name)] : [`${name}=`]));
  return settings.sort();
}

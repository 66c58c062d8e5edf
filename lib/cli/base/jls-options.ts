import { getopt } from "./getopt.js";

/** jls(8)'s summary of its usage. */
export const JLS_USAGE = "usage: jls [-dhNnqv] [-j jail] [param ...]\n            jls -c [-d] -j jail";

/** What jls(8)'s arguments ask for. */
export interface JlsRequest {
  /** Only whether the jail exists. */
  readonly exists: boolean;
  readonly dying: boolean;
  readonly header: boolean;
  readonly nameValue: boolean;
  readonly quoted: boolean;
  /** Only what can be set. */
  readonly skip: boolean;
  readonly verbose: boolean;
  /** The name in place of the jid. */
  readonly jailName: boolean;
  readonly jail: number | string | undefined;
  readonly names: readonly string[];
}

/** A request, or the messages before the usage. */
export type JlsArguments =
  | { readonly request: JlsRequest; readonly problem?: undefined }
  | { readonly request?: undefined; readonly problem: { readonly plain?: string; readonly named?: string } };

/** A jail as -j takes it: a number in full is a jid, all else a name. */
function jailOf(text: string): number | string {
  const match = /^[ \t\n\v\f\r]*([+-]?[0-9]+)$/.exec(text);
  const jid = match === null ? 0 : Number(BigInt.asIntN(32, BigInt(match[1] ?? "0")));
  return jid === 0 ? text : jid;
}

/** Parses jls(8)'s arguments, those of libxo taken out. */
export function parseJlsArguments(argv: readonly string[]): JlsArguments {
  const parsed = getopt(argv, "acdj:hNnqsv");
  const on = {
    exists: false,
    dying: false,
    header: false,
    nameValue: false,
    quoted: false,
    skip: false,
    verbose: false,
    jailName: false,
  };
  let jail: number | string | undefined;
  for (const { flag, value } of parsed.options) {
    if (flag === "a" || flag === "d") on.dying = true;
    else if (flag === "c") on.exists = true;
    else if (flag === "j") jail = jailOf(value);
    else if (flag === "h") Object.assign(on, { skip: false, verbose: false, header: true });
    else if (flag === "N") on.jailName = true;
    else if (flag === "n") Object.assign(on, { verbose: false, nameValue: true });
    else if (flag === "q") on.quoted = true;
    else if (flag === "s") {
      Object.assign(on, { header: false, verbose: false, nameValue: true, quoted: true, skip: true });
    } else if (flag === "v") Object.assign(on, { header: false, nameValue: false, skip: false, verbose: true });
  }
  if (parsed.error !== undefined) return { problem: { plain: parsed.error } };
  const names = parsed.rest;
  if (on.exists) {
    const printing = on.header || on.nameValue || on.quoted || on.skip || on.verbose || on.jailName;
    if (printing) return { problem: { named: "-c is incompatible with other print options" } };
    if (names.length > 0) return { problem: { named: "-c does not accept non-option arguments" } };
    if (jail === undefined) return { problem: { named: "-j jail to check must be provided for -c" } };
  }
  return { request: { ...on, jail, names } };
}

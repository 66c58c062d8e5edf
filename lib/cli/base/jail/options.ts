import { isIP } from "node:net";
import { isWildcard } from "../../../conf/names.js";
import { getopt } from "../getopt.js";

/** jail(8)'s summary of its usage. */
export const USAGE = `usage: jail [-dhilqv] [-J jid_file] [-u username] [-U username]
            -[cmr] param=value ... [command=command ...]
       jail [-dqv] [-f file] -[cmr] [jail]
       jail [-qv] [-f file] -[rR] ['*' | jail ...]
       jail [-dhilqv] [-J jid_file] [-u username] [-U username]
            [-n jailname] [-s securelevel]
            path hostname ip[,...] command ...
       jail [-f file] -e separator
`;

/** What is to be done with a jail. */
export interface Operation {
  readonly start: boolean;
  readonly set: boolean;
  readonly stop: boolean;
  readonly cleanup: boolean;
}

/** A parameter given on the command line; `value` is undefined where only its name was. */
export interface GivenParameter {
  readonly name: string;
  readonly value: string | undefined;
}

/** What jail(8)'s command line asks for. */
export interface JailRequest {
  /**
   * `old`: path, hostname, addresses, command; `single`: one jail by its parameters; `config`: jails of the file;
   * `remove`: the jails named, by the file where there is one.
   */
  readonly form: "old" | "single" | "config" | "remove";
  readonly operation: Operation;
  /** The configuration file as it was given, `-` for standard input. */
  readonly config: string;
  /** Remove without the configuration. */
  readonly unconfigured: boolean;
  readonly jidFile: string | undefined;
  /** Most commands at a time; undefined for any number. */
  readonly parallel: number | undefined;
  readonly verbose: -1 | 0 | 1;
  /** Print the jid of what was created. */
  readonly printJid: boolean;
  /** The obsolete `-d`. */
  readonly dying: boolean;
  /** Parameters of the single jail, in order. */
  readonly parameters: readonly GivenParameter[];
  /** Jails named. */
  readonly targets: readonly string[];
}

/** What became of the command line: a request, the wish to print the configuration, or a usage message. */
export type JailArguments =
  | { readonly kind: "run"; readonly request: JailRequest }
  | { readonly kind: "print"; readonly config: string; readonly separator: string }
  | { readonly kind: "usage"; readonly message?: string };

/** Parameters whose value on the command line is a list by commas. */
const LISTS = ["ip4.addr", "ip6.addr", "vnet.interface", "zfs.dataset"];

/** Parses jail(8)'s arguments. */
export function parseJailArguments(argv: readonly string[]): JailArguments {
  const parsed = getopt(argv, "cCde:f:hiJ:lmn:p:qrRs:u:U:v");
  const operation = { start: false, set: false, stop: false, cleanup: false };
  const parameters: GivenParameter[] = [];
  let config = "/etc/jail.conf";
  let separator: string | undefined;
  let jidFile: string | undefined;
  let parallel: number | undefined;
  let verbose: -1 | 0 | 1 = 0;
  let printJid = false;
  let dying = false;
  let unconfigured = false;
  for (const { flag, value } of parsed.options) {
    if (flag === "c") operation.start = true;
    else if (flag === "C") operation.cleanup = true;
    else if (flag === "m") operation.set = true;
    else if (flag === "r" || flag === "R") operation.stop = true;
    if (flag === "R") unconfigured = true;
    else if (flag === "d") dying = true;
    else if (flag === "e") separator = value;
    else if (flag === "f") config = value;
    else if (flag === "J") jidFile = value;
    else if (flag === "p") parallel = limitOf(value);
    else if (flag === "q" || flag === "i") verbose = -1;
    else if (flag === "v") verbose = 1;
    if (flag === "i") printJid = true;
    parameters.push(...parametersOfOption(flag, value));
  }
  if (parsed.error !== undefined) return { kind: "usage", message: parsed.error };
  const { rest } = parsed;
  const anyOperation = operation.start || operation.set || operation.stop || operation.cleanup;
  if (separator !== undefined) {
    return anyOperation || rest.length > 0 ? { kind: "usage" } : { kind: "print", config, separator };
  }
  const given = parameters.length > 0;
  const finish = (
    form: JailRequest["form"],
    targets: readonly string[],
    done: Operation = operation,
  ): JailArguments => ({
    kind: "run",
    request: {
      form,
      operation: done,
      config,
      unconfigured,
      jidFile,
      parallel,
      verbose,
      printJid,
      dying,
      parameters,
      targets,
    },
  });
  if (!anyOperation) {
    if (rest.length < 4 || !rest[0]?.startsWith("/")) return { kind: "usage" };
    parameters.push(...oldParameters(rest));
    return finish("old", [], { ...operation, start: true });
  }
  if (operation.stop && !operation.start && !operation.set && !operation.cleanup) {
    if (given || rest.length === 0) return { kind: "usage" };
    if (!unconfigured && rest.some((word) => word.includes("="))) return { kind: "usage" };
    return finish("remove", rest);
  }
  if (rest.length > 1 || rest[0]?.includes("=")) {
    if (unconfigured || operation.cleanup) return { kind: "usage" };
    parameters.push(...singleParameters(rest));
    return finish("single", []);
  }
  if (unconfigured || given) return { kind: "usage" };
  return finish("config", rest);
}

/** Whether a removal says which jail it removed: only where more than one could be meant. */
export function notesRemoval(request: JailRequest, configured: boolean): boolean {
  return (
    request.form === "remove" && (configured || request.targets.length > 1 || isWildcard(request.targets[0] ?? ""))
  );
}

function limitOf(text: string): number | undefined {
  const limit = Number.parseInt(text, 10);
  // None, and what is no number, stand for no limit; so does base's counter once it is below 0.
  return Number.isNaN(limit) || limit <= 0 ? undefined : limit;
}

function parametersOfOption(flag: string, value: string): GivenParameter[] {
  if (flag === "h") return [{ name: "ip_hostname", value: undefined }];
  if (flag === "l") return [{ name: "exec.clean", value: undefined }];
  if (flag === "n") return [{ name: "name", value }];
  if (flag === "s") return [{ name: "securelevel", value }];
  if (flag === "u" || flag === "U") {
    return [
      { name: "exec.jail_user", value },
      { name: "exec.system_jail_user", value: flag === "u" ? undefined : "false" },
    ];
  }
  return [];
}

function oldParameters(words: readonly string[]): GivenParameter[] {
  const [path = "", hostname = "", addresses = "", ...command] = words;
  const list = addresses === "" ? [] : addresses.split(",");
  return [
    { name: "path", value: path },
    { name: "host.hostname", value: hostname },
    ...list.map((value) => ({ name: isIP(value) === 6 && !value.includes("%") ? "ip6.addr" : "ip4.addr", value })),
    ...command.map((value) => ({ name: "command", value })),
  ];
}

function singleParameters(words: readonly string[]): GivenParameter[] {
  const parameters: GivenParameter[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "command" || word.startsWith("command=")) {
      const command = [...(word === "command" ? [] : [word.slice("command=".length)]), ...words.slice(at + 1)];
      parameters.push(...command.map((value) => ({ name: "command", value })));
      break;
    }
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    if (value !== undefined && LISTS.includes(name)) {
      parameters.push(...value.split(",").map((item) => ({ name, value: item })));
    } else parameters.push({ name, value });
  }
  return parameters;
}

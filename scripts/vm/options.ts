/** The words of the command line, as data. */
import { availableParallelism } from "node:os";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./errors.js";
import { ARCHES, type Arch, DEFAULT_RELEASE, WAYS, type Way } from "./images/releases.js";
import { ACCELERATORS, type AcceleratorName } from "./machine/accelerator.js";
import { PARTS, type PartName, USUAL_PARTS } from "./suite/own-suite.js";
import { parseWait, type WaitName } from "./waits.js";

export const COMMANDS = ["test", "run", "up", "exec", "shell", "copy", "down", "clean", "list", "fetch"] as const;
export type CommandName = (typeof COMMANDS)[number];

/** Everything that can be said. */
export interface Options {
  readonly command: CommandName;
  /** Words before `--` that are no options. */
  readonly words: readonly string[];
  /** Words after `--`. */
  readonly rest: readonly string[];
  readonly arches: readonly Arch[];
  readonly image: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly node: string | undefined;
  readonly nodeModules: string | undefined;
  readonly prebuilt: boolean;
  readonly network: boolean;
  readonly accelerator: AcceleratorName | undefined;
  readonly way: Way | undefined;
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly waits: Readonly<Partial<Record<WaitName, number>>>;
  readonly name: string | undefined;
  readonly out: string;
  readonly keep: "never" | "after a failure" | "always";
  readonly fresh: boolean;
  readonly jobs: number;
  readonly parts: readonly PartName[];
  readonly prepare: string | undefined;
  readonly root: string | undefined;
  readonly back: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Seconds until a command is ended. */
  readonly timeout: number | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

const CONFIG = {
  arch: { type: "string", multiple: true },
  image: { type: "string" },
  kernel: { type: "string" },
  initrd: { type: "string" },
  append: { type: "string" },
  node: { type: "string" },
  "node-modules": { type: "string" },
  prebuilt: { type: "boolean" },
  "no-network": { type: "boolean" },
  accel: { type: "string" },
  way: { type: "string" },
  memory: { type: "string" },
  cpus: { type: "string" },
  user: { type: "string" },
  password: { type: "string" },
  wait: { type: "string", multiple: true },
  name: { type: "string" },
  out: { type: "string" },
  keep: { type: "boolean" },
  "keep-on-failure": { type: "boolean" },
  fresh: { type: "boolean" },
  jobs: { type: "string" },
  parts: { type: "string" },
  prepare: { type: "string" },
  root: { type: "string" },
  back: { type: "string", multiple: true },
  env: { type: "string", multiple: true },
  timeout: { type: "string" },
  all: { type: "boolean" },
  json: { type: "boolean" },
  verbose: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

export const USAGE = `usage: npm run vm -- COMMAND [OPTION…] [RELEASE…] [-- WORD…]

  test [RELEASE…] [-- WORD…]   run this project's suite on FreeBSD; the words go to vitest
  run [RELEASE…] -- ARGV       run a command on FreeBSD with another project's files
  up [RELEASE]                 start a machine that stays
  exec -- ARGV                 run an argument vector in a machine that is up
  shell                        a terminal on it
  copy FROM TO                 files; the guest's side is written vm:PATH
  down [NAME…] [--all]         end machines
  list [--json]                what is up, what is cached
  clean [images|states|modules|machines|accelerators …]   remove what is cached
  fetch [RELEASE…]             get what a run without a network needs

  machine  --arch amd64,aarch64  --accel kvm|hvf|nvmm|tcg  --memory MIB  --cpus N  --way ssh|serial
           --image FILE|URL  --kernel FILE [--initrd FILE] [--append TEXT]  --no-network
           --user NAME  --password TEXT  --name NAME  --wait NAME=SECONDS
  test     --node ARCHIVE|FOLDER|PROGRAM  --node-modules FOLDER  --prebuilt  --parts ${PARTS.join(",")}
  run      --root FOLDER  --prepare TEXT  --env NAME=VALUE  --back PATH
  both     --out FOLDER  --fresh  --keep | --keep-on-failure  --jobs N  --verbose
  exec     --timeout SECONDS  --env NAME=VALUE

RELEASE is 15.0 (${DEFAULT_RELEASE} where none is named), 14.3, 15-stable, dragonfly-6.4.2, or a path or URL of an image.`;

function oneOf<T extends string>(what: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new UsageError(`--${what} ${value}: not one of ${allowed.join(", ")}`);
}

function listOf<T extends string>(what: string, values: readonly string[], allowed: readonly T[]): T[] {
  return values.flatMap((value) => value.split(",")).map((value) => oneOf(what, value, allowed) as T);
}

function whole(what: string, value: string | undefined, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new UsageError(`--${what} ${value}: not a whole number of at least ${least}`);
}

function seconds(what: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value !== "" && number > 0 && Number.isFinite(number)) return number;
  throw new UsageError(`--${what} ${value}: not a number of seconds`);
}

function variables(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new UsageError(`--env ${text}: not NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: CONFIG, allowPositionals: true });
  } catch (thrown) {
    throw new UsageError((thrown as Error).message);
  }
}

/**
 * Reads the command line.
 *
 * @throws UsageError that names the word and what it may be
 */
export function parseOptions(argv: readonly string[]): Options {
  const at = argv.indexOf("--");
  const rest = at < 0 ? [] : argv.slice(at + 1);
  const { values, positionals } = parsed(at < 0 ? argv : argv.slice(0, at));
  const [first, ...words] = positionals;
  if (first === undefined) throw new UsageError("no command");
  const command = COMMANDS.find((name) => name === first);
  if (command === undefined) throw new UsageError(`${first}: not one of ${COMMANDS.join(", ")}`);
  if (values.keep && values["keep-on-failure"])
    throw new UsageError("--keep and --keep-on-failure are two different wishes");
  if (values.image !== undefined && words.length > 0 && ["test", "run", "up", "fetch"].includes(command)) {
    throw new UsageError(`--image ${values.image} and ${words.join(" ")}: one or the other`);
  }
  if (values.initrd !== undefined && values.kernel === undefined) throw new UsageError("--initrd goes with --kernel");
  if (values.append !== undefined && values.kernel === undefined) throw new UsageError("--append goes with --kernel");
  return {
    command,
    words,
    rest,
    arches: values.arch === undefined ? ["amd64"] : listOf("arch", values.arch, ARCHES),
    image: values.image,
    kernel: values.kernel,
    initrd: values.initrd,
    append: values.append,
    node: values.node,
    nodeModules: values["node-modules"],
    prebuilt: values.prebuilt ?? false,
    network: !(values["no-network"] ?? false),
    accelerator: oneOf("accel", values.accel, ACCELERATORS),
    way: oneOf("way", values.way, WAYS),
    memory: whole("memory", values.memory, 64) ?? 2048,
    cpus: whole("cpus", values.cpus, 1) ?? Math.min(4, availableParallelism()),
    user: values.user ?? "root",
    password: values.password,
    waits: Object.fromEntries((values.wait ?? []).map(parseWait)),
    name: values.name,
    out: values.out ?? "vm-results",
    keep: values.keep ? "always" : values["keep-on-failure"] ? "after a failure" : "never",
    fresh: values.fresh ?? false,
    jobs: whole("jobs", values.jobs, 1) ?? 1,
    parts: values.parts === undefined ? USUAL_PARTS : listOf("parts", [values.parts], PARTS),
    prepare: values.prepare,
    root: values.root,
    back: values.back ?? [],
    env: variables(values.env ?? []),
    timeout: seconds("timeout", values.timeout),
    all: values.all ?? false,
    json: values.json ?? false,
    verbose: values.verbose ?? false,
  };
}

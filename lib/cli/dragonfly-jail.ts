import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { JAIL_ATTACH, JAIL_CREATE, type SimulatedView } from "../binding.js";
import { runInNewJail } from "../dragonfly/run.js";
import { JailEntryError } from "../exec/entry-error.js";
import { JailHost } from "../host.js";
import { jailExecPath } from "../native.js";
import { ipv4Bytes, ipv6Bytes } from "../params/address.js";
import { pack, text } from "../params/encode.js";
import { codeOf, signalNumber, strerror } from "../strerror.js";
import { getopt } from "./base/getopt.js";
import { CliFailure, STATUS_OK } from "./failure.js";
import type { CliIo } from "./io.js";
import { baseNotifier, openKernel } from "./state.js";

const USAGE = "Usage: jail [-i] [-l -u username | -U username] path hostname ip-list command ...\n";
/** What a shell makes of a signal. */
const SIGNALLED = 128;

/** What a command line of jail(8) asks for. */
export interface JailWords {
  readonly printJid: boolean;
  readonly login: boolean;
  readonly user: { readonly name: string; readonly from: "host" | "jail" } | undefined;
  readonly path: string;
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly command: readonly [string, ...string[]];
}

/** Beside the command line, for those who run it in a program of their own. */
export interface DragonflyJailOptions {
  /** Stands for the command on a simulated machine, while its jail lives: the exit status. Default: it ends at once, in 0. */
  readonly commands?: ((words: JailWords, process: SimulatedView) => number | Promise<number>) | undefined;
  /** The path of jail-exec. Default: the one beside the addon. */
  readonly helper?: string | undefined;
}

/** What jail(8) says before it ends, on which stream. */
class Said extends Error {
  readonly stream: "stdout" | "stderr";

  constructor(message: string, stream: "stdout" | "stderr" = "stderr") {
    super(message);
    this.stream = stream;
  }
}

/** An errno as err(3) shows it. */
const err = (what: string, code: string): Said => new Said(`jail: ${what}: ${strerror(code)}\n`);

/** Reads a command line as DragonFly's jail(8) does. @throws what it would have said */
export function parseJailWords(argv: readonly string[]): JailWords {
  const { options, rest, error } = getopt(argv, "ilu:U:");
  if (error !== undefined) throw new Said(`jail: ${error}\n${USAGE}`);
  const given = (flag: string): boolean => options.some((option) => option.flag === flag);
  const user = options.findLast(({ flag }) => flag === "u" || flag === "U");
  const [path, hostname, list, program, ...more] = rest;
  const both = given("u") && given("U");
  if (path === undefined || hostname === undefined || list === undefined || program === undefined || both)
    throw new Said(USAGE);
  if (given("l") && user === undefined) throw new Said(USAGE);
  return {
    printJid: given("i"),
    login: given("l"),
    user: user === undefined ? undefined : { name: user.value, from: user.flag === "u" ? "host" : "jail" },
    path,
    hostname,
    addresses: list.split(",").filter((word) => word !== ""),
    command: [program, ...more],
  };
}

function checkAddresses(addresses: readonly string[]): void {
  for (const address of addresses) {
    if (ipv4Bytes(address) === undefined && ipv6Bytes(address) === undefined) {
      throw new Said(`Invalid value ${address}\n`, "stdout");
    }
  }
}

/**
 * DragonFly's jail(8): `jail [-i] [-l -u user | -U user] path hostname ip-list command ...`. A jail that lives as long as
 * the command and what it starts; the exit status is the command's. Two things are better than there: any number of
 * addresses, and each with its length. Without -l the login class sets no variables.
 */
export async function dragonflyJail(
  argv: readonly string[],
  io: CliIo,
  options: DragonflyJailOptions = {},
): Promise<number> {
  try {
    const words = parseJailWords(argv);
    const openers = { native: () => JailHost.native(), simulated: JailHost.simulated };
    const { value: host } = openKernel(io, openers, baseNotifier(io));
    if (host.simulation !== undefined) return await simulate(words, io, host, options);
    return await run(words, io, options.helper ?? jailExecPath());
  } catch (thrown) {
    if (thrown instanceof Said) io[thrown.stream].write(thrown.message);
    else if (thrown instanceof CliFailure) io.stderr.write(`jail: ${thrown.message}\n`);
    else throw thrown;
    return 1;
  }
}

/** Runs it on this machine's own kernel, or on none where `helper` is jail-exec of a machine without jails. */
export async function run(words: JailWords, io: CliIo, helper: string | undefined): Promise<number> {
  if (helper === undefined) throw new Said("jail: jail-exec was not built: npm rebuild bsdjail --foreground-scripts\n");
  let path: string;
  try {
    path = realpathSync.native(resolve(io.cwd, words.path));
  } catch (thrown) {
    throw err(`realpath: ${words.path}`, codeOf(thrown));
  }
  checkAddresses(words.addresses);
  const onJail = words.printJid ? (jid: number) => void io.stdout.write(`${jid}\n`) : undefined;
  try {
    const { status, signal } = await runInNewJail({ ...words, helper, path, env: io.env, onJail });
    return signal === null ? (status ?? 1) : SIGNALLED + signalNumber(signal);
  } catch (thrown) {
    throw refusal(thrown, words);
  }
}

function refusal(thrown: unknown, { user, command }: JailWords): unknown {
  if (!(thrown instanceof JailEntryError)) return thrown;
  const { step, errnoCode, detail } = thrown;
  if (step === "attach") return err("jail", errnoCode);
  if (step === "exec") return err(`execv: ${command[0]}`, errnoCode);
  if (thrown.code === "ERR_JAIL_NO_SUCH_USER") return new Said(`jail: ${user?.name ?? ""}: no such user\n`);
  return errnoCode === "" ? new Said(`jail: ${detail}\n`) : err(detail === "" ? step : detail, errnoCode);
}

async function simulate(words: JailWords, io: CliIo, host: JailHost, options: DragonflyJailOptions): Promise<number> {
  if (host.kernel.system !== "dragonfly")
    throw new Said("jail: this form is DragonFly's: BSDJAIL_RELEASE=dragonfly-6.4\n");
  checkAddresses(words.addresses);
  const process = host.simulation?.process() as SimulatedView;
  try {
    // The kernel turns the list round, and creating by parameters undoes that.
    const bytes = (parse: typeof ipv4Bytes): Uint8Array =>
      Buffer.concat(
        words.addresses
          .map(parse)
          .filter((address) => address !== undefined)
          .reverse(),
      );
    const [ip4, ip6] = [bytes(ipv4Bytes), bytes(ipv6Bytes)];
    const pairs = [
      ["path", text("path", resolve(io.cwd, words.path))] as const,
      ["host.hostname", text("host.hostname", words.hostname)] as const,
      ...(ip4.length === 0 ? [] : [["ip4.addr", ip4] as const]),
      ...(ip6.length === 0 ? [] : [["ip6.addr", ip6] as const]),
    ];
    const { value: jid, error } = process.kernel.jailSetSync(pack(pairs), JAIL_CREATE | JAIL_ATTACH);
    if (error?.message) throw new Said(`jail: ${error.message}\n`);
    if (error?.code === "ENOENT" || error?.code === "ENOTDIR") throw err(`realpath: ${words.path}`, error.code);
    if (error !== undefined) throw err("jail", error.code);
    if (words.printJid) io.stdout.write(`${jid}\n`);
    return (await options.commands?.(words, process)) ?? STATUS_OK;
  } finally {
    process.exit();
  }
}

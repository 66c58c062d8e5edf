import { textToBytes } from "../../bytes-text.js";
import type { CliIo } from "../io.js";
import { baseNotifier, openKernel, RAW_KERNEL } from "../state.js";
import { BaseCalls, Refusal } from "./calls.js";
import { JLS_USAGE, type JlsRequest, parseJlsArguments } from "./jls-options.js";
import { type JlsColumn, type JlsLayout, printRow, printTitles } from "./jls-print.js";
import { type BaseParameter, type BaseValue, compareNames, findParameter } from "./libjail.js";
import { Xo } from "./xo.js";
import { takeXoOptions } from "./xo-options.js";

/** jls(8)'s version of its output. */
const VERSION = "2";

/** libjail's name for the jail that a list goes on from. */
const LAST_JID = "lastjid";

/** What is printed, and what is asked of the kernel for it. */
interface Plan {
  readonly layout: JlsLayout;
  readonly columns: readonly JlsColumn[];
  readonly asked: readonly BaseParameter[];
}

/** `jls`: lists jails as FreeBSD's jls(8) does, with its options and libxo's. */
export async function jlsCommand(argv: string[], io: CliIo): Promise<number> {
  const taken = takeXoOptions(argv, io.env.LIBXO_OPTIONS);
  const inXml = taken.options.flags.has("warn-xml");
  let xo: Xo;
  const warn = (text: string): void => {
    if (inXml) xo.raw(`<error><message>jls: ${text.replace(/[&<>]/g, xmlEntity)}</message></error>\n`);
    else io.stderr.write(`jls: ${text}\n`);
  };
  const bytes = taken.options.style === "text" && !isUtf8(io.env);
  xo = new Xo(taken.options, VERSION, warn, bytes);
  const finish = (status: number): number => {
    io.stdout.write(encode(xo.finish(), bytes));
    return status;
  };
  for (const warning of taken.warnings) warn(warning);
  if (taken.status !== undefined) {
    // libxo leaves before it has anything to finish; what warn-xml puts on standard output is there already.
    io.stdout.write(encode(xo.told(), bytes));
    return taken.status;
  }
  const { request, problem } = parseJlsArguments(taken.rest);
  if (problem !== undefined) {
    if (problem.plain !== undefined) io.stderr.write(`jls: ${problem.plain}\n`);
    if (problem.named !== undefined) warn(problem.named);
    warn(JLS_USAGE);
    return finish(1);
  }
  try {
    const calls = await BaseCalls.open(openKernel(io, RAW_KERNEL, baseNotifier(io)).value);
    if (request.exists) return await exists(calls, request);
    await print(calls, request, xo);
    return finish(0);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    warn(thrown.message);
    return finish(1);
  }
}

async function exists(calls: BaseCalls, { jail, dying }: JlsRequest): Promise<number> {
  try {
    await calls.jid(typeof jail === "number" ? { jid: jail } : { name: jail ?? "" }, dying);
    return 0;
  } catch (thrown) {
    if (thrown instanceof Refusal) return 1;
    throw thrown;
  }
}

async function print(calls: BaseCalls, request: JlsRequest, xo: Xo): Promise<void> {
  const { layout, columns, asked } = plan(calls, request);
  printTitles(xo, request, layout, columns);
  xo.openContainer("jail-information");
  xo.openList("jail");
  const { jail, dying } = request;
  const show = (row: readonly BaseValue[]): void => printRow(xo, request, layout, columns, row);
  const counter = asked.findIndex(({ name }) => name === LAST_JID);
  if (jail !== undefined) {
    if (counter >= 0)
      throw new Refusal({ code: "ENOENT", errno: 2, syscall: "jail_get", message: "no jail specified" });
    show(await calls.read(typeof jail === "number" ? { jid: jail } : { name: jail }, asked, dying));
    return;
  }
  const fields = [...asked.filter(({ name }) => name !== LAST_JID), calls.parameter("jid")];
  let last = 0;
  const absent = new Set<number>();
  for (const row of await calls.list(fields, dying)) {
    const jid = Number(row[row.length - 1]);
    const values = row.slice(0, -1);
    if (counter >= 0) values.splice(counter, 0, last);
    refuseKeysAgain(asked, values, absent);
    show(values);
    last = jid;
  }
}

/**
 * libjail asks for each jail with the room that the last one's values took: none for a key that a jail does not have, so
 * that the first jail after it that has the key is refused.
 */
function refuseKeysAgain(asked: readonly BaseParameter[], values: readonly BaseValue[], absent: Set<number>): void {
  for (const [at, { key }] of asked.entries()) {
    if (!key) continue;
    if (values[at] === null) absent.add(at);
    else if (absent.has(at)) throw new Refusal({ code: "EINVAL", errno: 22, syscall: "jail_get", message: "" });
  }
}

/** Decides the layout and looks the parameters up. @throws Refusal for one that the kernel does not have */
function plan(calls: BaseCalls, request: JlsRequest): Plan {
  const { table } = calls;
  const having = (...names: string[]): string[] => names.filter((name) => table.has(name));
  let layout: JlsLayout = "parameters";
  let names: readonly string[] = request.names;
  if (names.length === 0) {
    if (request.header || request.nameValue) names = ["all"];
    else if (request.verbose) {
      layout = "verbose";
      names = ["jid", "host.hostname", "path", "name", "dying", "cpuset.id", ...having("ip4.addr", "ip6.addr")];
    } else {
      layout = "default";
      names = [request.jailName ? "name" : "jid", ...having("ip4.addr"), "host.hostname", "path"];
    }
  }
  const all = [...table.keys()].sort(compareNames);
  const unique = new Set(names.flatMap((name) => (name === "all" ? all : [name])));
  const parameters = [...unique].map((name) => calls.parameter(name));
  const asked = [...parameters];
  const columns = parameters.map((parameter): JlsColumn => {
    const dot = parameter.name.indexOf(".");
    const group = request.skip && dot > 0 ? findParameter(table, parameter.name.slice(0, dot)) : undefined;
    if (!group?.entry.jailsys) return { parameter, group: undefined };
    const known = asked.findIndex(({ name }) => name === group.name);
    if (known < 0) asked.push(group);
    return { parameter, group: known < 0 ? asked.length - 1 : known };
  });
  return { layout, columns, asked };
}

function xmlEntity(character: string): string {
  return character === "&" ? "&amp;" : character === "<" ? "&lt;" : "&gt;";
}

/** Whether the locale's characters are those of UTF-8. */
function isUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== "");
  return /utf-?8/i.test(locale ?? "");
}

/** In the C locale a character is a byte, and what has none is a question mark. */
function encode(text: string, bytes: boolean): Buffer {
  if (!bytes) return textToBytes(text);
  return Buffer.from(text.replace(/[^\u0000-\u00ff]/gu, "?"), "latin1");
}

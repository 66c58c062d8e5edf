import { chownSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { bytesToText, textToBytes } from "../bytes-text.js";
import {
  type Conf,
  type ConfPiece,
  type ConfPlace,
  type ConfProblem,
  formatConf,
  loadConf,
  parseConf,
  piecesOf,
  type ResolvedJail,
  setParameter,
  unsetParameter,
  whereConf,
} from "../conf/index.js";
import { asksForJson, COMMON_OPTIONS, parseArguments } from "./args.js";
import { quote } from "./base/jail/output.js";
import { meaningProblems } from "./conf-check.js";
import { CliFailure, reportFailure, STATUS_FAILED, STATUS_OK, usageFailure } from "./failure.js";
import { helpCommand } from "./help.js";
import type { CliIo } from "./io.js";
import { paintFor, printable, writeJson, writeText } from "./output.js";
import { suggestion } from "./words.js";

const DEFAULT_FILE = "/etc/jail.conf";

type Action = (request: Request, io: CliIo) => number;

interface Request {
  /** Change the file and print nothing. */
  readonly write: boolean;
  readonly file: string;
  readonly operands: readonly string[];
  readonly json: boolean;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  check: checkFiles,
  show: showJails,
  format: formatFile,
  get: getValues,
  set: setValues,
  unset: unsetValues,
  where: whereIs,
  json: (request, io) => showJails({ ...request, json: true }, io),
};

/** `bsdjail conf check|show|json|format|get|set|unset|where`: what is in jail.conf(5) files. */
export async function confCommand(argv: string[], io: CliIo): Promise<number> {
  const json = asksForJson(argv) || argv[0] === "json";
  try {
    const { options, operands } = parseArguments(argv, {
      ...COMMON_OPTIONS,
      file: { type: "string", short: "f" },
      write: { type: "boolean", short: "w" },
    });
    const [word, ...rest] = operands;
    if (options.help) return await helpCommand(["conf"], io);
    const known = Object.keys(ACTIONS);
    if (word === undefined) throw usageFailure("conf: what to do is missing", `One of ${known.join(", ")}.`);
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) {
      throw usageFailure(`conf: unknown word "${word}"${suggestion(word, known)}`, `One of ${known.join(", ")}.`);
    }
    return action({ file: options.file ?? DEFAULT_FILE, operands: rest, json, write: options.write }, io);
  } catch (thrown) {
    return reportFailure(io, "conf", thrown, json);
  }
}

function read(file: string, io: CliIo): Conf {
  const options = { cwd: io.cwd };
  return file === "-" ? parseConf({ name: "STDIN", text: readFileSync(0) }, options) : loadConf(file, options);
}

function placeText({ file, line, column }: ConfPlace): string {
  return `${file}:${line}:${column}`;
}

function problemText({ place, message }: ConfProblem): string {
  return printable(place === undefined ? message : `${placeText(place)}: ${message}`);
}

function problemReport({ place, message, jail }: ConfProblem) {
  return { message, ...place, ...(jail === undefined ? {} : { jail }) };
}

function checkFiles({ file, operands, json }: Request, io: CliIo): number {
  const files = operands.length === 0 ? [file] : operands;
  const confs = files.map((each) => read(each, io));
  // A jail of one file may need one of another.
  const meaning = meaningProblems(confs.flatMap((conf) => conf.jails));
  const problems = [...confs.flatMap((conf) => conf.problems), ...meaning];
  if (json) {
    const jails = confs.flatMap((conf) => conf.jails.map(({ name }) => name));
    writeJson(io.stdout, { files, jails, problems: problems.map(problemReport) });
  } else for (const problem of problems) io.stdout.write(`${problemText(problem)}\n`);
  return problems.length === 0 ? STATUS_OK : STATUS_FAILED;
}

function showJails({ file, operands, json }: Request, io: CliIo): number {
  const { jails, problems, baseStopsAfter } = read(file, io);
  if (baseStopsAfter !== undefined) {
    throw new CliFailure(problems.map(problemText).join("; "), { hint: `\`bsdjail conf check ${file}\` says where.` });
  }
  for (const name of operands) {
    if (jails.some((jail) => jail.name === name)) continue;
    const names = jails.map((jail) => jail.name);
    throw new CliFailure(`${file} has no jail "${name}"${suggestion(name, names)}`);
  }
  const shown = operands.length === 0 ? jails : jails.filter(({ name }) => operands.includes(name));
  const wrong = problems.filter(({ jail }) => jail === undefined || shown.some(({ name }) => name === jail));
  if (json) writeJson(io.stdout, { file, jails: shown.map(jailReport), problems: wrong.map(problemReport) });
  else {
    const paint = paintFor(io, io.stdout);
    for (const jail of shown) io.stdout.write(`${jailText(jail, paint.dim)}\n`);
    for (const problem of wrong) io.stderr.write(`bsdjail: ${problemText(problem)}\n`);
  }
  return wrong.length === 0 ? STATUS_OK : STATUS_FAILED;
}

function jailText({ name, parameters }: ResolvedJail, dim: (text: string) => string): string {
  const lines = parameters.map(({ name: parameter, values, origins }) => {
    const value = values.length === 0 ? parameter : `${parameter} = ${values.map(quote).join(", ")}`;
    const from = origins.map(({ place, block }) => `${placeText(place)} in ${block}`).join(", ");
    return `\t${printable(value)};\t${dim(`# ${printable(from === "" ? "the block's name" : from)}`)}`;
  });
  return [`${quote(printable(name))} {`, ...lines, "}"].join("\n");
}

function jailReport({ name, parameters, failed, place }: ResolvedJail) {
  return {
    name,
    usable: !failed,
    ...place,
    parameters: parameters.map(({ name: parameter, values, isPseudo, origins }) => ({
      name: parameter,
      values,
      pseudo: isPseudo,
      origins: origins.map(({ place, block, operator, written }) => ({ ...place, block, operator, written })),
    })),
  };
}

/** A file's text; standard input's for `-`. */
function textOf(file: string, io: CliIo): string {
  return bytesToText(readFileSync(file === "-" ? 0 : resolve(io.cwd, file)));
}

/** Prints an edited text, or puts it in the file's place whole, with its mode; a symbolic link stays one. */
function deliver(text: string, { file, write }: Request, io: CliIo): number {
  if (!write || file === "-") {
    writeText(io.stdout, text);
    return STATUS_OK;
  }
  const path = realpathSync(resolve(io.cwd, file));
  if (bytesToText(readFileSync(path)) === text) return STATUS_OK;
  const next = `${path}.${process.pid}.new`;
  const { mode, uid, gid } = statSync(path);
  try {
    writeFileSync(next, textToBytes(text), { mode: mode & 0o7777, flag: "wx" });
    const made = statSync(next);
    if (made.uid !== uid || made.gid !== gid) chownSync(next, uid, gid);
    renameSync(next, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") rmSync(next, { force: true });
    throw thrown;
  }
  return STATUS_OK;
}

function formatFile(request: Request, io: CliIo): number {
  const { operands } = request;
  if (operands.length > 1) throw usageFailure("conf format: one file at a time");
  const file = operands[0] ?? request.file;
  return deliver(formatConf(textOf(file, io)), { ...request, file }, io);
}

function jailAnd(operands: readonly string[], word: string): [jail: string, ...rest: string[]] {
  const [jail, ...rest] = operands;
  if (jail !== undefined && rest.length > 0) return [jail, ...rest];
  throw usageFailure(`conf ${word}: a jail and at least one parameter are needed`, '"*" is what is outside of blocks.');
}

function getValues({ file, operands, json }: Request, io: CliIo): number {
  const [name, ...wanted] = jailAnd(operands, "get");
  const { jails, problems } = read(file, io);
  const jail = jails.find((each) => each.name === name);
  if (jail === undefined) {
    const known = jails.map((each) => each.name);
    throw new CliFailure(
      problems.length > 0 && known.length === 0
        ? problems.map(problemText).join("; ")
        : `${file} has no jail "${name}"${suggestion(name, known)}`,
    );
  }
  const found = wanted.map((parameter) => {
    const given = jail.parameters.find((each) => each.name === parameter);
    if (given !== undefined) return given;
    const known = jail.parameters.map((each) => each.name);
    throw new CliFailure(`jail ${name} has no parameter ${parameter}${suggestion(parameter, known)}`);
  });
  if (json) writeJson(io.stdout, Object.fromEntries(found.map(({ name: parameter, values }) => [parameter, values])));
  else for (const { values } of found) for (const value of values) writeText(io.stdout, `${value}\n`);
  return STATUS_OK;
}

function setValues(request: Request, io: CliIo): number {
  const [jail, ...settings] = jailAnd(request.operands, "set");
  const values = new Map<string, true | ConfPiece[][]>();
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    if (equals < 0) values.set(setting, true);
    else {
      const name = setting.slice(0, equals);
      const before = values.get(name);
      values.set(name, [...(Array.isArray(before) ? before : []), piecesOf(setting.slice(equals + 1))]);
    }
  }
  let text = textOf(request.file, io);
  for (const [name, value] of values) text = setParameter(text, jail, name, value);
  return deliver(text, request, io);
}

function unsetValues(request: Request, io: CliIo): number {
  const [jail, ...names] = jailAnd(request.operands, "unset");
  let text = textOf(request.file, io);
  for (const name of names) text = unsetParameter(text, jail, name);
  return deliver(text, request, io);
}

function whereIs({ operands, json }: Request, io: CliIo): number {
  const [name] = operands;
  if (name === undefined || operands.length > 1) throw usageFailure("conf where: one jail is needed");
  const where = whereConf(name);
  const { file, reason, defines, hides, startsByItself } = where;
  if (json) writeJson(io.stdout, { jail: name, ...where, file: file ?? null });
  else {
    io.stdout.write(`${printable(`${file ?? "no file"}: ${reason}`)}\n`);
    if (defines === false) io.stdout.write(`that file has no jail "${printable(name)}"\n`);
    for (const hidden of hides) io.stdout.write(`hidden: ${printable(hidden)}\n`);
    io.stdout.write(`\`service jail start\` ${startsByItself ? "starts" : "does not start"} it by itself\n`);
  }
  return file === undefined || defines === false ? STATUS_FAILED : STATUS_OK;
}

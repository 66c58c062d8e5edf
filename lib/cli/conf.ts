import { readFileSync } from "node:fs";
import { type Conf, type ConfPlace, type ConfProblem, loadConf, parseConf, type ResolvedJail } from "../conf/index.js";
import { asksForJson, COMMON_OPTIONS, parseArguments } from "./args.js";
import { quote } from "./base/jail/output.js";
import { CliFailure, reportFailure, STATUS_FAILED, STATUS_OK, usageFailure } from "./failure.js";
import { helpCommand } from "./help.js";
import type { CliIo } from "./io.js";
import { paintFor, printable, writeJson } from "./output.js";
import { suggestion } from "./words.js";

const DEFAULT_FILE = "/etc/jail.conf";

type Action = (request: Request, io: CliIo) => number;

interface Request {
  readonly file: string;
  readonly operands: readonly string[];
  readonly json: boolean;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  check: checkFiles,
  show: showJails,
  json: (request, io) => showJails({ ...request, json: true }, io),
};

/** `bsdjail conf check|show|json`: what is in jail.conf(5) files. */
export async function confCommand(argv: string[], io: CliIo): Promise<number> {
  const json = asksForJson(argv) || argv[0] === "json";
  try {
    const { options, operands } = parseArguments(argv, { ...COMMON_OPTIONS, file: { type: "string", short: "f" } });
    const [word, ...rest] = operands;
    if (options.help) return await helpCommand(["conf"], io);
    const known = Object.keys(ACTIONS);
    if (word === undefined) throw usageFailure("conf: what to do is missing", `One of ${known.join(", ")}.`);
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (action === undefined) {
      throw usageFailure(`conf: unknown word "${word}"${suggestion(word, known)}`, `One of ${known.join(", ")}.`);
    }
    return action({ file: options.file ?? DEFAULT_FILE, operands: rest, json }, io);
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
  const problems = confs.flatMap((conf) => conf.problems);
  if (json) {
    const jails = confs.flatMap((conf) => conf.jails.map(({ name }) => name));
    writeJson(io.stdout, { files, jails, problems: problems.map(problemReport) });
  } else for (const problem of problems) io.stdout.write(`${problemText(problem)}\n`);
  return problems.length === 0 ? STATUS_OK : STATUS_FAILED;
}

function showJails({ file, operands, json }: Request, io: CliIo): number {
  const { jails, problems, baseStopsAfter } = read(file, io);
  if (baseStopsAfter !== undefined) {
    throw new CliFailure(problems.map(problemText).join("\n"), { hint: `\`bsdjail conf check ${file}\` says where.` });
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

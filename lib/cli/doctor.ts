import type { Answer, Area, Check, Diagnosis } from "../doctor/diagnosis.js";
import { diagnose } from "../doctor/doctor.js";
import { asksForJson, COMMON_OPTIONS, parseArguments } from "./args.js";
import { reportFailure, STATUS_FAILED, STATUS_OK, usageFailure } from "./failure.js";
import { helpCommand } from "./help.js";
import type { CliIo } from "./io.js";
import { type Paint, paintFor, printable, writeJson } from "./output.js";
import { openHost } from "./verbs/run.js";
import { suggestion } from "./words.js";

const AREAS: Readonly<Record<Exclude<Area, "advice">, string>> = {
  jails: "jails",
  vnet: "network stacks of their own (vnet)",
  limits: "limits (rctl)",
  zfs: "ZFS datasets",
};

/** `bsdjail doctor [AREA ...]`: 0 where the machine is ready for those areas (default: for jails), else 1. */
export async function doctorCommand(argv: string[], io: CliIo): Promise<number> {
  const json = asksForJson(argv);
  try {
    const { options, operands } = parseArguments(argv, COMMON_OPTIONS);
    if (options.help) return await helpCommand(["doctor"], io);
    const wanted = operands.map((word) => {
      if (Object.hasOwn(AREAS, word)) return word as keyof typeof AREAS;
      throw usageFailure(
        `unknown area "${word}"${suggestion(word, Object.keys(AREAS))}`,
        `One of ${Object.keys(AREAS).join(", ")}.`,
      );
    });
    const { host, kernel } = openHost(io, json);
    const diagnosis = await diagnose(host);
    if (json) {
      const { system, release, ready, checks } = diagnosis;
      writeJson(io.stdout, { kernel, system, release, ready, checks });
    } else io.stdout.write(report(diagnosis, wanted, paintFor(io, io.stdout)));
    const asked = wanted.length === 0 ? (["jails"] as const) : wanted;
    return asked.every((area) => diagnosis.ready[area] === "yes") ? STATUS_OK : STATUS_FAILED;
  } catch (thrown) {
    return reportFailure(io, "doctor", thrown, json);
  }
}

function report(
  { system, simulated, release, ready, checks }: Diagnosis,
  wanted: readonly string[],
  paint: Paint,
): string {
  const name = system === "dragonfly" ? "DragonFly BSD" : "FreeBSD";
  const lines = [paint.bold(`${name} ${printable(release)}${simulated ? ", simulated" : ""}`)];
  const shown = (area: string) => wanted.length === 0 || wanted.includes(area);
  for (const [area, title] of Object.entries(AREAS)) {
    if (!shown(area)) continue;
    lines.push("", `${paint.bold(title)}: ${answerText(ready[area as keyof typeof AREAS], paint)}`);
    lines.push(...checks.filter((check) => check.area === area).flatMap((check) => checkLines(check, paint)));
  }
  const advice = checks.filter((check) => check.area === "advice");
  if (wanted.length === 0 && advice.length > 0) {
    lines.push("", paint.bold("beside that"), ...advice.flatMap((check) => checkLines(check, paint)));
  }
  return `${lines.join("\n")}\n`;
}

function answerText(answer: Answer, paint: Paint): string {
  const words = { yes: "ready", no: "not ready", unknown: "not known" };
  return { yes: paint.green, no: paint.red, unknown: paint.yellow }[answer](words[answer]);
}

function checkLines({ statement, answer, found, remedy }: Check, paint: Paint): string[] {
  const mark = { yes: paint.green("yes"), no: paint.red("no "), unknown: paint.yellow("?  ") }[answer];
  const line = `  ${mark}  ${statement} ${paint.dim(`(${printable(found)})`)}`;
  return remedy === undefined ? [line] : [line, `       ${remedy}`];
}

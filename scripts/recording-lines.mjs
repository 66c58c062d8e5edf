// Turns recordings of a kernel (JSON) into the lines that the native replay reads:
//
//   node scripts/recording-lines.mjs FILE.json… | replay
//
// A line is an operation: words separated by blanks, texts and bytes in hex. What was recorded of it follows on a line
// that begins with "=".
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** What the recorded machines were, by the release in the file's name. */
const machines = {
  13.2: { osrelease: "13.2-RELEASE", osreldate: 1302001 },
  "14.0": { osrelease: "14.0-STABLE", osreldate: 1400507 },
  15.1: { osrelease: "15.1-STABLE", osreldate: 1501502 },
};

const hex = (text) => `x${Buffer.from(text, "utf8").toString("hex")}`;

function paramWord([name, kind, value]) {
  switch (kind) {
    case "string":
      return `${hex(name)}:b:${hex(value)}00`;
    case "hex":
      return `${hex(name)}:b:x${value}`;
    case "int":
      return `${hex(name)}:i:${value}`;
    case "long":
      return `${hex(name)}:l:${value}`;
    case "null":
      return `${hex(name)}:n:0`;
    case "nullout":
      return `${hex(name)}:n:${value}`;
    case "out":
      return `${hex(name)}:o:${value}`;
    default:
      throw new Error(`unknown kind of parameter: ${kind}`);
  }
}

function resultLine(result) {
  if (result === undefined) return "= unreached";
  if (result.held !== undefined) return `= ${result.held ? 0 : -1} -`;
  if (result.released !== undefined) return "= 0 -";
  const outs = (result.out ?? []).map((out) => `${hex(out.name)}:${out.len}:${out.hex === null ? "-" : `x${out.hex}`}`);
  return ["=", result.ret, result.errno ?? "-", ...outs].join(" ");
}

function* stepLines(steps) {
  for (const step of steps) {
    const save = step.save === undefined ? "-" : step.save;
    switch (step.op) {
      case "jail_set":
      case "jail_get":
        yield [step.op, step.flags, save, ...step.params.map(paramWord)].join(" ");
        break;
      case "jail_remove":
      case "jail_attach":
      case "hold":
      case "in":
        yield `${step.op} ${step.jid}`;
        break;
      case "as":
        yield `as ${step.uid}`;
        break;
      case "release":
        yield "release";
        break;
      default:
        throw new Error(`unknown operation: ${step.op}`);
    }
    yield resultLine(step.result);
    if (step.op === "in" || step.op === "as") {
      yield* stepLines(step.steps ?? []); // none were recorded where the child did not get that far
      yield "end";
    }
  }
}

for (const file of process.argv.slice(2)) {
  const release = /freebsd-(\d+\.\d+)/.exec(basename(file))?.[1];
  const machine = machines[release];
  if (machine === undefined) throw new Error(`${file}: no release that is known here in its name`);
  const lines = [`machine ${release} ${machine.osrelease} ${machine.osreldate}`];
  for (const { scenario, lastjid, steps } of JSON.parse(readFileSync(file, "utf8"))) {
    lines.push(`scenario ${lastjid} ${hex(scenario)}`, ...stepLines(steps));
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

import type { ConfProblem, ResolvedJail } from "../conf/index.js";
import { sameNames } from "../conf/names.js";
import { JailHost } from "../host.js";
import { buildGraph, graphProblemText } from "../lifecycle/graph.js";
import { PSEUDO_PARAMETERS } from "../params/pseudo.js";
import { suggestion } from "./words.js";

/** Parameters of modules, which the simulated kernel has not: linux(4), zfs(4) and file systems. */
const OF_MODULES = [
  ...["fusefs", "linprocfs", "linsysfs", "zfs"].map((type) => `allow.mount.${type}`),
  ...["linux", "linux.osname", "linux.osrelease", "linux.oss_version", "zfs", "zfs.mount_snapshot", "allow.vmm"],
];

/**
 * What is wrong with jails whose text is right: needs that are not defined or go round in a loop, and parameters whose
 * name is not quite one that is known. Other unknown names may be those of a module, and are left to the kernel.
 */
export function meaningProblems(jails: readonly ResolvedJail[]): ConfProblem[] {
  return [...needProblems(jails), ...nameProblems(jails)];
}

function needProblems(jails: readonly ResolvedJail[]): ConfProblem[] {
  const depends = new Map(
    jails.map(({ name, parameters }) => [name, parameters.find((each) => each.name === "depend")]),
  );
  const nodes = jails.map(({ name }) => ({ name, depend: depends.get(name)?.values ?? [] }));
  const names = jails.map(({ name }) => name);
  return buildGraph(nodes, names).problems.map((problem) => {
    const { jail } = problem;
    const said = graphProblemText(problem);
    const meant = problem.kind === "undefined" ? suggestion(problem.need, names).replace(";", ",") : "";
    const place = depends.get(jail)?.origins.at(-1)?.place;
    const base = `${jail}: ${problem.kind === "cycle" ? "dependency loop" : said}`;
    return { place, message: `${jail}: ${said}${meant}`, base, jail };
  });
}

/** The parameters of a kernel; none where the addon is not there: a text can be checked without. */
function kernelNames(): string[] {
  try {
    return Array.from(JailHost.simulated().parameters, ({ name }) => name);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === "ERR_JAIL_ADDON") return [];
    throw thrown;
  }
}

function nameProblems(jails: readonly ResolvedJail[]): ConfProblem[] {
  const kernel = kernelNames();
  if (kernel.length === 0) return [];
  const known = new Set([...kernel, ...OF_MODULES, ...Object.keys(PSEUDO_PARAMETERS)]);
  const meant = new Map<string, string>();
  const problems = new Map<string, ConfProblem>();
  for (const { name: jail, parameters } of jails) {
    for (const { name, origins } of parameters) {
      if (!meant.has(name)) meant.set(name, isKnown(name, known) ? "" : suggestion(name, known));
      const near = meant.get(name);
      const place = origins.at(-1)?.place;
      if (!near || place === undefined) continue;
      const at = `${place.file}:${place.line}:${place.column}`;
      // What many jails get from one place is one mistake.
      const message = `unknown parameter "${name}"${near}`;
      if (!problems.has(at)) problems.set(at, { place, message, base: `${jail}: unknown parameter: ${name}`, jail });
    }
  }
  return [...problems.values()];
}

/** Whether a name is one that is known, perhaps with a "no" more or less before one of its components. */
function isKnown(name: string, known: ReadonlySet<string>): boolean {
  for (const same of sameNames(name)) if (known.has(same)) return true;
  return false;
}

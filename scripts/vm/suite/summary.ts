/** What a run tells at its end: what it ran on, what it counted, what it left out and why. */
import type { Counts } from "./junit.js";
import type { Skip } from "./skips-reporter.js";

/** How one part of a run went. */
export interface PartResult {
  readonly name: string;
  /** The exit status; undefined: it never came, which is a failure. */
  readonly status: number | undefined;
  /** Undefined: the part counts nothing. */
  readonly counts: Counts | undefined;
  readonly ms: number;
  readonly skips: readonly Skip[];
  /** Why it was not run, or why there is no status. */
  readonly problem?: string | undefined;
  /** It was not run, which is no failure. */
  readonly leftOut?: boolean | undefined;
}

/** How one machine's run went. */
export interface MachineResult {
  readonly label: string;
  readonly arch: string;
  /** What the guest says of itself, `FreeBSD 15.0-RELEASE amd64`. */
  readonly system: string | undefined;
  readonly accelerator: string | undefined;
  readonly way: string | undefined;
  readonly image: string | undefined;
  readonly addon: string | undefined;
  readonly bootMs: number | undefined;
  readonly resumed: boolean;
  readonly notes: readonly string[];
  readonly parts: readonly PartResult[];
  /** What kept the run from going on. */
  readonly trouble?: string | undefined;
  /** What went wrong while the machine was taken down; no failure. */
  readonly warnings: readonly string[];
  readonly recording: string;
}

/** Whether a part went well: a missing status is a failure, and so is a failed test whatever the status. */
export function partPassed(part: PartResult): boolean {
  return part.leftOut === true || (part.status === 0 && (part.counts?.failed ?? 0) === 0);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function countsText({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function partLine(part: PartResult): string {
  if (part.leftOut) return `  ${part.name}: left out: ${part.problem}`;
  const counted = part.counts === undefined ? "" : ` ${countsText(part.counts)}`;
  const status = part.status === undefined ? `no exit status: ${part.problem}` : `exit status ${part.status}`;
  return `  ${part.name}:${counted} (${status}, ${seconds(part.ms)})`;
}

function skipLines(part: PartResult): string[] {
  return part.skips.flatMap(({ reason, tests }) => {
    const shown = tests.slice(0, 3).map((test) => `      ${test}`);
    const more = tests.length > 3 ? [`      and ${tests.length - 3} more`] : [];
    return [`    skipped ${tests.length}: ${reason}`, ...shown, ...more];
  });
}

/** The summary of one machine, lines. */
export function summaryLines(result: MachineResult): readonly string[] {
  const { label, system, arch, accelerator, way, image, addon, bootMs } = result;
  const came =
    bootMs === undefined ? "did not come up" : `${result.resumed ? "resumed" : "booted"} in ${seconds(bootMs)}`;
  return [
    `== ${label} (${arch})`,
    `  ${system ?? "a guest that never said what it is"}`,
    `  accelerator ${accelerator ?? "none"}, way in ${way ?? "none"}, ${came}`,
    ...(image === undefined ? [] : [`  image ${image}`]),
    ...(addon === undefined ? [] : [`  addon ${addon}`]),
    ...result.notes.map((note) => `  note: ${note}`),
    ...result.parts.flatMap((part) => [partLine(part), ...skipLines(part)]),
    ...(result.trouble === undefined ? [] : [`  trouble: ${result.trouble}`]),
    ...result.warnings.map((warning) => `  warning: ${warning}`),
    `  console ${result.recording}`,
  ];
}

/**
 * The exit status of a run over machines: the first failed part's own, 1 where tests failed though it was 0 or where it
 * never came, `trouble` where the harness could not run them.
 */
export function exitStatus(results: readonly MachineResult[], trouble: number): number {
  for (const { parts } of results) {
    for (const part of parts) if (!partPassed(part)) return part.status || 1;
  }
  return results.every((result) => result.trouble === undefined) ? 0 : trouble;
}

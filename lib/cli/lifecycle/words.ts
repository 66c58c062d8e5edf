import type { JailEvent, JailState, StepEvent, StepIdentity } from "../../lifecycle/events.js";
import { quoted, stepLabel } from "../../lifecycle/quote.js";
import { type Paint, printable } from "../output.js";

/** A duration for people: `0.412 s`, `3 min 12 s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms % 60_000) / 1000);
  if (minutes < 60) return `${minutes} min ${seconds} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** What is done, as one line: the program, or the call. */
export function action({ argv, text, step }: Pick<StepIdentity, "argv" | "text" | "step">): string {
  return printable(argv.length > 0 ? quoted(argv) : text || step);
}

/** What a state is called, in its colour. */
export function stateWord(state: JailState, paint: Paint): string {
  const colour: Partial<Record<JailState, keyof Paint>> = {
    up: "green",
    updated: "green",
    failed: "red",
    aborted: "red",
    skipped: "yellow",
    restart: "yellow",
    unchanged: "dim",
  };
  const mark = colour[state];
  return mark === undefined ? state : paint[mark](state);
}

/** Why a step failed, without what is shown below it: the command, and what that wrote. */
export function failure(event: StepEvent): string {
  const { argv, status, error } = event;
  const step = stepLabel(event.step, event.direction);
  if (error?.code === "EEXIT" && status !== null) return `${step} failed with status ${status}`;
  let message = error?.message ?? "";
  for (const said of [`${argv.join(" ")}: `, `${event.step}: `]) {
    if (message.startsWith(said)) message = message.slice(said.length);
  }
  return `${step}: ${printable(message)}`;
}

/** What is told of a jail beside its state: why, or what it is now. */
export function about(event: JailEvent, problems: number, failed: StepEvent | undefined): string {
  const { jid, state, reason, error, durationMs } = event;
  if (failed !== undefined) return failure(failed);
  if (error !== undefined) return problems > 1 ? `${problems} problems` : printable(error.message);
  const facts = [
    ...(jid !== undefined && (state === "up" || state === "updated") ? [`jid ${jid}`] : []),
    ...(reason === undefined ? [] : [printable(reason)]),
    ...(durationMs > 0 ? [duration(durationMs)] : []),
  ];
  return facts.join(", ");
}

/** The last lines that a failed step wrote. */
export function lastOutput({ stdout, stderr }: Pick<StepEvent, "stdout" | "stderr">, most = 5): string[] {
  const lines = `${stdout}${stdout.endsWith("\n") || stdout === "" ? "" : "\n"}${stderr}`.trimEnd().split("\n");
  return lines.length === 1 && lines[0] === "" ? [] : lines.slice(-most).map(printable);
}

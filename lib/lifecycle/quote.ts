import type { Direction } from "./steps/kind.js";

/** An argument vector as a line that a shell would read so. */
export function quoted(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./|-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

/** What a step is called to people: the one that makes the jail has another name where it takes it away. */
export function stepLabel(step: string, direction: Direction): string {
  return step === "create" && direction !== "up" ? "removal" : step;
}

import { BASE } from "./base.js";
import { CONFIGURATION } from "./configuration.js";
import { INSIDE } from "./inside.js";
import { JAILS } from "./jails.js";
import { LIFECYCLE } from "./lifecycle.js";
import type { CommandManual } from "./model.js";
import { OTHER } from "./other.js";

/** The commands, in the order in which they are listed. */
export const MANUALS: readonly CommandManual[] = [
  ...JAILS,
  ...INSIDE,
  ...BASE,
  ...LIFECYCLE,
  ...CONFIGURATION,
  ...OTHER,
];

/** The manual of one command. */
export function manualOf(name: string): CommandManual | undefined {
  return MANUALS.find((manual) => manual.name === name);
}

import type { OptionManual } from "./model.js";

/** Of every command that prints what a program may read. */
export const JSON_OPTION: OptionManual = {
  flags: "--json",
  text: "print JSON: one object on standard output, or one a line where there are several; a failure is one object on standard error",
};

/** Of every command of ours. */
export const HELP_OPTION: OptionManual = { flags: "-h, --help", text: "show this and end" };

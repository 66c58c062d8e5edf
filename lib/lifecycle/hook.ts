import type { ExecHook } from "./parameters.js";

/** A command of an exec parameter: text by jail(8)'s rule, or an argument vector that no shell ever sees. */
export type HookValue =
  | string
  | {
      /** The program and its arguments. */
      readonly argv: readonly string[];
      /** `true`: in a session of its own, not waited for. Default `false`. */
      readonly background?: boolean;
    };

/** A command to run, decided. */
export interface HookCommand {
  readonly hook: ExecHook;
  /** What is run: `/bin/sh -c TEXT` or the words. */
  readonly argv: readonly string[];
  readonly background: boolean;
}

/** jail(8) gives the text to `/bin/sh -c` where one of these is in it. */
const SHELL_CHARACTERS = /[!"$&'()*;<>?[\\\]`{|}~]/;

/**
 * A command by jail(8)'s rule: a text with a character that means something to a shell is `/bin/sh -c TEXT`; else its
 * words are the argument vector. A single `&` at the very end, and nothing else special, puts it into the background.
 * Undefined where there is nothing to run.
 */
export function hookCommand(hook: ExecHook, value: HookValue): HookCommand | undefined {
  if (typeof value !== "string") {
    if (value.argv.length === 0) return undefined;
    return { hook, argv: [...value.argv], background: value.background ?? false };
  }
  if (value === "") return undefined;
  const special = SHELL_CHARACTERS.exec(value);
  if (special !== null && value.slice(special.index) !== "&") {
    return { hook, argv: ["/bin/sh", "-c", value], background: false };
  }
  const background = special !== null;
  const argv = (background ? value.slice(0, -1) : value).split(/[ \t\f\v\r\n]+/).filter((word) => word !== "");
  return argv.length === 0 ? undefined : { hook, argv, background };
}

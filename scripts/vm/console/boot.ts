/** From power-on to a root shell on the console. */
import { VmError } from "../errors.js";
import type { Waits } from "../waits.js";
import type { Console, Ended } from "./console.js";
import { type BootSign, bootSign } from "./signs.js";

/** A boot that came nowhere; trying once more, afresh, may help. */
export class NoProgress extends VmError {
  /** Whether the guest ever printed anything. */
  readonly silent: boolean;

  constructor(cause: VmError, silent: boolean) {
    super(cause.message, cause.hint, cause.detail, { cause });
    this.silent = silent;
  }
}

/** How to log in. */
export interface Login {
  readonly user: string;
  /** Undefined: none is expected. */
  readonly password: string | undefined;
}

interface BootOptions {
  readonly waits: Waits;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

function stuck(console: Console, ended: Ended, waits: Waits, heard: boolean): VmError {
  const lines = console.lastLines();
  if (ended === "closed") return new VmError("the machine ended while it booted", "", lines);
  if (!heard) return waits.overrun("first-output", "the guest printed nothing on its serial console", lines);
  if (ended === "silence") return waits.overrun("silence", "the boot came to a halt", lines);
  return waits.overrun("boot", "the boot did not reach a prompt", lines);
}

/**
 * Waits for the login prompt, or the shell of a guest without one.
 *
 * @throws NoProgress where the boot stands still or the machine ends; VmError where the guest says that it failed
 */
export async function awaitPrompt(console: Console, options: BootOptions): Promise<"login" | "shell"> {
  const { waits, signal, say } = options;
  const first = await console.until(() => (console.position > 0 ? true : undefined), {
    limitMs: waits.ms("first-output"),
    signal,
  });
  if ("ended" in first) throw new NoProgress(stuck(console, first.ended, waits, false), true);
  const deadline = performance.now() + waits.ms("boot");
  for (let from = 0; ; from = console.position) {
    const seen = await console.until(() => bootSign(console.since(from)), {
      limitMs: deadline - performance.now(),
      silenceMs: waits.ms("silence"),
      signal,
    });
    if ("ended" in seen) throw new NoProgress(stuck(console, seen.ended, waits, true), false);
    const sign = seen.found;
    if (sign.kind === "dead") throw new VmError(sign.what, sign.hint, console.lastLines());
    if (sign.kind === "login" || sign.kind === "shell") return sign.kind;
    if (sign.kind === "loader") {
      say("the boot loader waits; going on");
      console.send("\r");
    }
  }
}

/**
 * Logs in at a login prompt.
 *
 * @throws VmError where the password is not known or refused
 */
export async function logIn(console: Console, login: Login, options: BootOptions): Promise<void> {
  const { waits, signal } = options;
  let from = console.position;
  console.send(`${login.user}\r`);
  let answered = false;
  for (;;) {
    const seen = await console.until((): BootSign | undefined => bootSign(console.since(from)), {
      limitMs: waits.ms("login"),
      signal,
    });
    if ("ended" in seen) {
      if (seen.ended === "closed") throw new VmError("the machine ended at its login", "", console.lastLines());
      // A prompt of a form that nobody knows: asking the shell is what decides.
      return;
    }
    const sign = seen.found;
    from = console.position;
    switch (sign.kind) {
      case "shell":
        return;
      case "password":
        if (login.password === undefined || answered) throw refused(login, console);
        console.send(`${login.password}\r`);
        answered = true;
        break;
      case "dead":
        throw new VmError(sign.what, sign.hint, console.lastLines());
      case "refused":
        throw refused(login, console);
    }
  }
}

function refused(login: Login, console: Console): VmError {
  const what = login.password === undefined ? "wants a password" : "was refused";
  return new VmError(
    `the login as ${login.user} ${what}`,
    "`--password TEXT` gives one; images with cloud-init come in by --way ssh.",
    console.lastLines(8),
  );
}

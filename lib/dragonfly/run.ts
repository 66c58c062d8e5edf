import { launch } from "../exec/launch.js";

/** A jail to make with `jail(2)` and a command to become in it, by jail-exec. */
export interface RunInNewJail {
  /** The absolute path of jail-exec. Default: the one beside the addon. */
  readonly helper?: string | undefined;
  /** Absolute, without links. */
  readonly path: string;
  readonly hostname: string;
  /** In the order in which `jail(2)` gets them; the kernel turns it round. */
  readonly addresses: readonly string[];
  /** The program, by a path below the jail's root, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Who the command runs as, of the host's or the jail's password file. Default: who runs this. */
  readonly user?: { readonly name: string; readonly from: "host" | "jail" } | undefined;
  /** The environment of a login instead of `env`; its TERM is the one of `env`. Takes a user. */
  readonly login: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Told once the jail is there. */
  readonly onJail?: ((jid: number) => void) | undefined;
}

/** How it ended. */
export interface RunOutcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Makes the jail and runs the command in it, with this process's own streams; resolves when the command has ended.
 *
 * @throws JailEntryError where it never began
 */
export async function runInNewJail(run: RunInNewJail): Promise<RunOutcome> {
  const { helper, path, hostname, addresses, command, user, login, env, onJail } = run;
  const [program, ...rest] = command;
  const child = launch(
    {
      target: { path, hostname, addresses },
      // The kernel's execve(2) takes a name without a slash from the working directory, and searches nothing.
      argv: [program.includes("/") ? program : `./${program}`, ...rest],
      argv0: program,
      user: user?.name,
      hostUser: user?.from === "host",
      environment: login ? "login" : "none",
      home: login,
      term: env.TERM,
      env: login ? undefined : env,
    },
    {
      helper,
      stdio: "inherit",
      onRecord: ([kind, jid]) => {
        if (kind === "jail") onJail?.(Number(jid));
      },
    },
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => resolve({ status, signal }));
  });
}

import { accessSync, constants, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Case, Step } from "./recording.js";
import { shellCommands } from "./words.js";

const OURS = new Set(["jail", "jls", "jexec"]);
/** Programs that the simulated machine answers in FreeBSD's words. */
export const SIMULATED_PROGRAMS = ["ifconfig", "mount", "umount", "devfs", "zfs"] as const;
/** Of the same name elsewhere, and not the same. */
const FREEBSD_PROGRAMS = new Set([
  ...["arp", "bectl", "camcontrol", "chflags", "cpuset", "fstat", "gpart", "hostname", "jot", "kenv", "kldload"],
  ...["kldstat", "kldunload", "limits", "login", "lsvfs", "mdconfig", "netstat", "ngctl", "pfctl", "pkg", "procstat"],
  ...["ps", "pw", "rctl", "route", "service", "setfib", "sockstat", "sysctl", "sysrc", "top", "truss", "uname", "who"],
  ...["zpool", "su", "freebsd-version", "dmesg", "fetch", "killall", "pgrep", "pkill", "stat", "sha256", "id-as"],
]);
const BUILT_IN = new Set([
  ...[".", ":", "alias", "break", "case", "cd", "continue", "done", "echo", "esac", "eval", "exit", "export", "false"],
  ...["fi", "for", "kill", "local", "printf", "pwd", "read", "return", "set", "shift", "test", "[", "trap", "true"],
  ...["type", "ulimit", "umask", "unset", "wait", "in", "}"],
]);
const FOLDERS = ["/sbin", "/bin", "/usr/sbin", "/usr/bin"];
const HOOK =
  /(?:exec\.(?:prepare|prestart|created|start|poststart|prestop|stop|poststop|release)|command)\s*(?:\+?=)?\s*([^;]*)/g;

function exists(word: string): boolean {
  const paths = word.includes("/") ? [word] : FOLDERS.map((folder) => join(folder, word));
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

/** Why a command cannot be run here; undefined where it can. `inJail`: the simulated machine answers hostname there. */
function needs(words: readonly string[], inJail: boolean): string | undefined {
  const [word = ""] = words;
  const name = basename(word);
  if (OURS.has(word) || BUILT_IN.has(word) || word.includes("$")) return undefined;
  if ((SIMULATED_PROGRAMS as readonly string[]).includes(name)) return undefined;
  if (inJail && name === "hostname" && words.length === 1) return undefined;
  if (FREEBSD_PROGRAMS.has(name)) return `it needs FreeBSD's ${name}`;
  return undefined;
}

/** The command that `jexec` runs, without its own words; undefined where it gets no jail. */
function jexecCommand(words: readonly string[]): readonly string[] | undefined {
  let at = 1;
  while (at < words.length && (words[at] ?? "").startsWith("-")) {
    if (words[at] === "--") {
      at++;
      break;
    }
    at += /^-[a-zA-Z]*[duUe]$/.test(words[at] ?? "") ? 2 : 1;
  }
  return at < words.length ? words.slice(at + 1) : undefined;
}

/** The commands that `jail` runs by the words of its command line, and by the files that it is given. */
function jailCommands(words: readonly string[], files: Readonly<Record<string, string>>): (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const command = words.findIndex((word) => word === "command" || word.startsWith("command="));
  if (command > 0) found.push([(words[command] ?? "").slice("command=".length), ...words.slice(command + 1)]);
  const old = words.findIndex((word) => word.startsWith("/"));
  const inOldForm = command < 0 && old > 0 && !words.some((word) => /^-[a-zA-Z]*[cmrRC]/.test(word));
  if (inOldForm && words.length > old + 3) found.push(words.slice(old + 3));
  const flag = words.indexOf("-f");
  const text = flag < 0 ? undefined : files[words[flag + 1] ?? ""];
  if (text === undefined || words.some((word) => /^-[a-zA-Z]*e$/.test(word))) return found;
  for (const [, value = ""] of text.matchAll(HOOK)) {
    for (const [, single, double, bare] of value.matchAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"]+)/g)) {
      for (const { words: own } of shellCommands(single ?? double ?? bare ?? "")) found.push(own);
    }
  }
  return found;
}

/** Why what base did is nothing to compare with; undefined where it is. */
export function baseFailed(step: Step): string | undefined {
  if (step.status === 138 || step.status === 139) return `base's own program crashed there (status ${step.status})`;
  return /jail_attach: Invalid argument/.test(step.stderr) ? "base lost a race with itself there" : undefined;
}

/** Why a step cannot be run on this machine; undefined where it can. */
export function reasonToLeaveOut(step: Step, files: Case["files"] = {}): string | undefined {
  const failed = baseFailed(step);
  if (failed !== undefined) return failed;
  if (process.geteuid?.() !== 0 && asAnotherUser(step, files)) return "it needs root";
  for (const { words } of shellCommands(step.sh)) {
    const own = needs(words, false);
    if (own !== undefined) return own;
    if (!OURS.has(words[0] ?? "") && !BUILT_IN.has(words[0] ?? "") && !exists(words[0] ?? "")) {
      const simulated = (SIMULATED_PROGRAMS as readonly string[]).includes(words[0] ?? "");
      if (!simulated && !/not found/.test(step.stderr)) return `there is no ${words[0]} here`;
    }
    const entered = words[0] === "jexec" ? jexecCommand(words) : undefined;
    const inside = entered !== undefined ? [entered] : words[0] === "jail" ? jailCommands(words, files) : [];
    for (const command of inside) {
      if (command.length === 0) return "it needs FreeBSD's sh";
      const scripts = isShell(command) ? shellCommands(lastText(command)) : [];
      const reason = needs(command, true) ?? scripts.map(({ words: more }) => needs(more, false)).find(Boolean);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

/** Whether a step runs anything as a user by name. */
function asAnotherUser({ sh }: Step, files: Readonly<Record<string, string>>): boolean {
  const used = Object.entries(files).filter(([name]) => sh.includes(name));
  const texts = [sh, ...used.map(([, text]) => text)];
  return (
    /\b(?:jail|jexec)\b[^|;&]* -[a-zA-Z]*[uU]\b/.test(sh) ||
    texts.some((text) => /exec\.(?:jail|system)_user/.test(text))
  );
}

function isShell(words: readonly string[]): boolean {
  return /(^|\/)sh$/.test(words[0] ?? "") && words.includes("-c");
}

function lastText(words: readonly string[]): string {
  return words[words.indexOf("-c") + 1] ?? "";
}

const CHANGING = new Set([
  "mkdir",
  "rm",
  "ln",
  "cp",
  "mv",
  "touch",
  "cd",
  "kill",
  "kldload",
  "sysctl",
  "service",
  "sh",
]);

/** Whether a step may change jails or files, so that those after it mean nothing without it. */
export function changesThings(step: Step): boolean {
  if (/^usage: /m.test(step.stderr)) return false;
  return shellCommands(step.sh).some(({ words }) => {
    const [word = ""] = words;
    if (word === "jexec") return CHANGING.has(jexecCommand(words)?.[0] ?? "");
    if (word === "jail") return !words.some((each) => /^-[a-zA-Z]*e$/.test(each));
    const shows = words.some((each) => each === "-p" || each === "-l") || words.length === 1;
    if ((SIMULATED_PROGRAMS as readonly string[]).includes(word)) return !shows;
    return CHANGING.has(word);
  });
}

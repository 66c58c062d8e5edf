import type { Case, Step } from "./recording.js";

/** What the commands of 15.1, which ours are, do in another way than those of an older release. */
interface Change {
  /** The first release with the new way. */
  readonly since: string;
  /** Whether the old way shows in a step. */
  shows(step: Step, files: Readonly<Record<string, string>>): boolean;
  readonly why: string;
}

const CHANGES: readonly Change[] = [
  {
    since: "14.0",
    shows: ({ sh }, files) => usedFiles(sh, files).some((text) => /\.include\b/.test(text)),
    why: "its jail.conf had no .include",
  },
  {
    since: "14.0",
    shows: ({ stderr }) => /line [0-9]+: \{: syntax error/.test(stderr),
    why: "its jail.conf had no nested blocks",
  },
  {
    since: "14.0",
    shows: ({ stderr }) => /unterminated comment/.test(stderr),
    why: "its jail(8) counted the lines of a comment in another way",
  },
  {
    since: "14.0",
    shows: ({ sh, stdout }) => /^ifconfig /.test(sh) && /\tinet6 .*\n(?:.*\n)*\tinet /.test(stdout),
    why: "its ifconfig(8) showed addresses in another order",
  },
  {
    since: "15.0",
    shows: ({ sh }, files) => usedFiles(sh, files).some((text) => /(?:^|[;}])\s*[0-9]+\s*\{/.test(text)),
    why: "its jail(8) gave a block of a number no name",
  },
  {
    since: "15.0",
    shows: ({ stderr }) => /^(?:jail|jls|jexec): illegal option -- [Ccd]$/m.test(stderr),
    why: "its command did not have this option yet",
  },
  {
    since: "15.0",
    shows: ({ stderr }) => /usage: (?:jls|jexec) /.test(stderr),
    why: "its summary of the usage was another one",
  },
  {
    since: "15.0",
    shows: ({ stderr, sh }) => /^jail: "[^"]*" already exists$/m.test(stderr) && !/ -f /.test(sh),
    why: "its jail(8) named the jail that exists in another way",
  },
  {
    since: "15.0",
    shows: ({ sh }, files) => usedFiles(sh, files).some((text) => /\$\{?J(?:ID|NAME|PATH)\b/.test(text)),
    why: "its hooks had no JID, JNAME and JPATH",
  },
  {
    since: "15.0",
    shows: ({ sh }, files) =>
      /^jail (?:\S+ )*-[a-zA-Z]*d/.test(sh) || usedFiles(sh, files).some((text) => /\ballow\.dying\b/.test(text)),
    why: "its jail(8) brought a dying jail back by -d and allow.dying",
  },
  {
    since: "15.0",
    shows: ({ sh }) => /\bvnet\.interface=[^\s,]+,/.test(sh),
    why: "its jail(8) split addresses alone in a parameter of the command line",
  },
  {
    since: "15.0",
    shows: ({ stdout }) => /run command: \/sbin\/ifconfig \S+ vnet [^0-9\s]/.test(stdout),
    why: "its jail(8) gave ifconfig(8) the jail's name, not its jid",
  },
];

function usedFiles(sh: string, files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files)
    .filter(([name]) => sh.includes(name))
    .map(([, text]) => text);
}

function number(release: string): number {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  return major * 100 + minor;
}

/** Why a recording of an older release shows what its commands did and ours, those of 15.1, do not; or undefined. */
export function olderCommands(step: Step, { files = {} }: Case, release: string): string | undefined {
  return CHANGES.find(({ since, shows }) => number(release) < number(since) && shows(step, files))?.why;
}

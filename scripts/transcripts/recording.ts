import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** What a shell command gave. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A step: a shell command and what it gave when it was recorded. */
export interface Step extends Answer {
  readonly sh: string;
}

/** A case: what is laid out before it, and its steps in order. No case depends on another. */
export interface Case {
  readonly case: string;
  readonly lastjid?: number;
  readonly files?: Readonly<Record<string, string>>;
  readonly dirs?: readonly string[];
  readonly steps: readonly Step[];
}

/** The folder that recordings were made in. */
export const RECORDED_FOLDER = "/tmp/g";

/** Reads a transcript file. @throws Error that names the file and what is wrong with it */
export function readCases(file: string): readonly Case[] {
  let cases: unknown;
  try {
    cases = JSON.parse(readFileSync(file, "utf8"));
  } catch (thrown) {
    throw new Error(`${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  if (!Array.isArray(cases)) throw new Error(`${file}: it is no list of cases`);
  for (const each of cases as Partial<Case>[]) {
    if (typeof each?.case !== "string" || !Array.isArray(each.steps)) {
      throw new Error(`${file}: a case needs "case", its name, and "steps", a list`);
    }
  }
  return cases as Case[];
}

/** The release that a file's name says, `"15.1"`. @throws Error where it says none */
export function releaseOf(file: string): string {
  const release = /freebsd-([0-9]+\.[0-9]+)/.exec(basename(file))?.[1];
  if (release === undefined) throw new Error(`${file}: its name does not say a release, as freebsd-15.1.json does`);
  return release;
}

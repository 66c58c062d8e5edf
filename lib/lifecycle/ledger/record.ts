import { crc32 } from "node:zlib";
import type { Actor } from "../../machine/machine.js";
import type { Thing } from "./thing.js";

/** The version of the ledger's format that this code writes, and the only one that it reads. */
export const LEDGER_VERSION = 1;

/** What the jail's run is about. */
export type Purpose = "up" | "down" | "update";

/** The first record of each run. */
export interface RunRecord {
  readonly type: "run";
  readonly version: number;
  readonly jail: string;
  /** Counts the jail's runs while its ledger is there. */
  readonly run: number;
  readonly purpose: Purpose;
  readonly owner: Actor;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What is kept of the definition that a jail was brought up with, so that it can be taken down without it. */
export interface DefinitionRecord {
  readonly type: "definition";
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly digest: string;
}

/** A thing is about to be made. */
export interface IntendRecord {
  readonly type: "intend";
  readonly number: number;
  readonly thing: Thing;
}

/** A thing was made; what the machine calls it (jid, fsid), or that it was there before. */
export interface MadeRecord {
  readonly type: "made";
  readonly number: number;
  readonly id?: string;
  /** Milliseconds since 1970. */
  readonly at?: number;
}

/** A thing is not there any more, or not ours to take. */
export interface GoneRecord {
  readonly type: "gone";
  readonly number: number;
}

/** The run got to its end. */
export interface EndRecord {
  readonly type: "end";
  readonly run: number;
  readonly outcome: "done" | "failed";
}

/** A line of the ledger. */
export type LedgerRecord = RunRecord | DefinitionRecord | IntendRecord | MadeRecord | GoneRecord | EndRecord;

/** A record as a line: its JSON and its checksum. */
export function formatRecord(record: LedgerRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}

/** A line as a record; undefined where it is cut or changed. */
export function parseRecord(line: string): LedgerRecord | undefined {
  const json = line.slice(9);
  if (line[8] !== " " || checksum(json) !== line.slice(0, 8)) return undefined;
  try {
    return JSON.parse(json) as LedgerRecord;
  } catch {
    return undefined;
  }
}

import type { ChildProcess } from "node:child_process";

/** Resolves with how a child ended, once its streams have. */
export function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  // events.once would reject at the child's "error".
  return new Promise((resolve) => child.once("close", (...end) => resolve(end)));
}

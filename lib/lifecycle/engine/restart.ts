import type { DownOptions, UpOptions } from "../options.js";
import type { JailDefinition } from "../parameters.js";
import { recordedDefinition } from "./selection.js";
import type { Session } from "./session.js";
import { start } from "./start.js";
import { stop } from "./stop.js";

/** Stops jails and those that need them, then starts all that were stopped. */
export async function restart(
  session: Session,
  definitions: readonly JailDefinition[],
  options: UpOptions & DownOptions,
): Promise<void> {
  // The ledgers go with the jails.
  const recorded = new Map<string, JailDefinition>();
  for (const name of await session.engine.books.jails({ signal: session.engine.signal })) {
    const definition = await recordedDefinition(session, name);
    if (definition !== undefined) recorded.set(name, definition);
  }
  await stop(session, definitions, options);
  const all = new Map([...recorded, ...definitions.map((definition) => [definition.name, definition] as const)]);
  const asked = options.only ?? definitions.map(({ name }) => name);
  const stopped = session.events.filter(({ state }) => state === "down").map(({ jail }) => jail);
  const failed = new Set(
    session.events.filter(({ state }) => state !== "down" && state !== "unchanged").map(({ jail }) => jail),
  );
  // A jail that went with its parent, and of which nobody knows what it was started with, stays down.
  const again = [...new Set([...asked, ...stopped.filter((name) => all.has(name))])].filter(
    (name) => !failed.has(name),
  );
  if (again.length > 0) await start(session, [...all.values()], { ...options, only: again });
}

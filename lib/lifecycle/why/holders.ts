import type { Engine } from "../engine/context.js";
import type { RunningJail } from "../port.js";
import type { Finding } from "./why.js";

/** What keeps a jail from going away: told for one that is dying, and for one whose last stop failed. */
export async function holders(engine: Engine, jail: RunningJail): Promise<Finding[]> {
  const { signal } = engine;
  const last = await engine.books.lastRun(jail.name, { signal });
  const failedStop = last?.purpose === "down" && last.state !== "down";
  if (!jail.dying && !failedStop) return [];
  const about = jail.dying ? "not gone" : "not stopped";
  const findings: Finding[] = [];
  for (const blocker of await engine.jails.blockers(jail.jid, { signal })) {
    findings.push({ about, cause: blocker.what, shows: blocker.shows, helps: blocker.frees });
  }
  const below = (await engine.machine.mounts({ signal })).filter(
    ({ target }) => jail.path !== "/" && (target === jail.path || target.startsWith(`${jail.path}/`)),
  );
  if (below.length > 0 && jail.dying) {
    findings.push({
      about,
      cause: "file systems below its root stay busy until it is gone",
      shows: below.map(({ target, type }) => `${target} (${type})`).join(", "),
      helps: "nothing by itself: they can be unmounted as soon as the jail is gone",
    });
  }
  if (findings.length === 0 && jail.dying) {
    findings.push({
      about,
      cause: "the jail is dying: it was removed, and something outside still holds it",
      shows: `jid ${jail.jid} is listed as dying`,
      helps: "often a half-closed TCP connection, which ends by itself: `sockstat -s` shows it with ?? as its user",
    });
  }
  return findings;
}

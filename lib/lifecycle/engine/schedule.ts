import type { Need } from "../graph.js";

/** Jails to run, and how. */
export interface Schedule {
  /** What each jail waits for; keys in the order in which they are begun. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  /** How many jails are worked on at once. */
  readonly atOnce: number;
  /** `true`: a jail whose last need was just met goes before those that were waiting. */
  readonly newestFirst: boolean;
  /** Runs one jail; `milestone` is called when it is made (or removed). Resolves with whether it went well. */
  readonly run: (name: string, milestone: () => void) => Promise<boolean>;
  /** A jail is not run because a need of it was not met. */
  readonly skip: (name: string, need: string) => void;
  /** A jail that nothing is to be done for; whether those who need it may go on. */
  readonly settled?: ReadonlyMap<string, boolean>;
}

/** Runs every jail after what it needs, others beside it, and skips those whose needs failed. */
export async function runSchedule(schedule: Schedule): Promise<void> {
  const { needs } = schedule;
  const done = new Map<string, boolean>(schedule.settled ?? []);
  const made = new Set<string>();
  const begun = new Set<string>(done.keys());
  const ready: string[] = [];
  let running = 0;
  await new Promise<void>((resolve, reject) => {
    const unmet = (need: Need): boolean => !done.has(need.name) && !(need.kind === "parent" && made.has(need.name));
    const settle = (): void => {
      // A skip can be the reason for the next.
      for (let changed = true; changed; ) {
        changed = false;
        const fresh: string[] = [];
        for (const [name, own] of needs) {
          if (begun.has(name)) continue;
          const failed = own.find((need) => done.get(need.name) === false);
          if (failed !== undefined) {
            begun.add(name);
            done.set(name, false);
            schedule.skip(name, failed.name);
            changed = true;
          } else if (!own.some(unmet)) {
            begun.add(name);
            fresh.push(name);
          }
        }
        if (schedule.newestFirst) ready.unshift(...fresh);
        else ready.push(...fresh);
      }
      while (running < schedule.atOnce && ready.length > 0) start(ready.shift() as string);
      if (running === 0 && ready.length === 0) resolve();
    };
    const start = (name: string): void => {
      running++;
      const milestone = () => {
        if (made.has(name)) return;
        made.add(name);
        queueMicrotask(settle);
      };
      schedule.run(name, milestone).then((ok) => {
        running--;
        done.set(name, ok);
        settle();
      }, reject);
    };
    settle();
  });
}

/** Makes a scenario as short as it can be while it still shows what it shows. */
import type { Scenario, Step } from "./recording.js";

/** Whether a shorter scenario still shows a difference. */
export type Shows = (scenario: Scenario) => Promise<boolean>;

/** Every scenario that is shorter in one place: fewer steps, fewer parameters, a step instead of what is inside it. */
function* shorter(steps: readonly Step[]): Generator<Step[]> {
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let from = steps.length - size; from >= 0; from -= size) {
      yield [...steps.slice(0, from), ...steps.slice(from + size)];
    }
  }
  for (const [i, step] of steps.entries()) {
    const instead = (...list: Step[]) => [...steps.slice(0, i), ...list, ...steps.slice(i + 1)];
    if (step.steps !== undefined) {
      yield instead(...step.steps);
      for (const inner of shorter(step.steps)) yield instead({ ...step, steps: inner });
    }
    for (const at of step.params?.keys() ?? []) {
      yield instead({ ...step, params: step.params?.filter((_, other) => other !== at) ?? [] });
    }
  }
}

/** `tries` bounds how many scenarios are done. */
export async function shrink(scenario: Scenario, shows: Shows, tries = 2000): Promise<Scenario> {
  let best = scenario;
  for (let left = tries, found = true; found && left > 0; ) {
    found = false;
    for (const steps of shorter(best.steps)) {
      if (left-- <= 0) break;
      const candidate = { ...best, steps };
      if (!(await shows(candidate))) continue;
      best = candidate;
      found = true;
      break;
    }
  }
  return best;
}

import { needsTemporaryPersist } from "./jail.js";
import type { StepKind } from "./kind.js";

/** Ends the `persist` that was lent to a jail for the time of its start: it then lives as long as its processes. */
export const persistKind: StepKind = {
  up: (spec, row) =>
    needsTemporaryPersist(spec)
      ? [{ step: row.name, direction: "up", where: "kernel", argv: [], text: "jail_set(2) nopersist" }]
      : [],
  down: () => [],
  async make(context) {
    if (!context.temporaryPersist || context.jid === undefined) return {};
    context.temporaryPersist = false;
    await context.jails.update(context.jid, { persist: false });
    if (await context.jails.lingers(context.jid, context.spec.name)) return {};
    return { note: "no process is left in the jail, so it is gone" };
  },
  take: async () => ({}),
};

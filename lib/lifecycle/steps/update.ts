import type { StepKind } from "./kind.js";

/** Parameters of a jail that runs: part of an update, of neither a start nor a stop. */
export const updateKind: StepKind = {
  up: () => [],
  down: () => [],
  async make(context, { parameters }) {
    if (parameters !== undefined && context.jid !== undefined) {
      await context.jails.update(context.jid, parameters);
    }
    return {};
  },
  take: async () => ({}),
};

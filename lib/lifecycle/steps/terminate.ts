import type { StepContext, StepKind } from "./kind.js";

const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;

/** The jail's processes; none where it went with the last of them. */
async function processesOf(context: StepContext, jid: number) {
  const there = await context.jails.find(context.spec.name);
  if (there?.jid !== jid) return [];
  try {
    return await context.jails.processes(jid);
  } catch (error) {
    if ((await context.jails.find(context.spec.name))?.jid !== jid) return [];
    throw error;
  }
}

/** TERM to the jail's processes, and time for them to go; the removal kills the rest. */
async function terminate(context: StepContext) {
  const { jid, jails, machine, spec } = context;
  const limit = Math.min(spec.stopTimeoutMs, Math.max(context.remainingMs() ?? spec.stopTimeoutMs, 0));
  if (jid === undefined || limit === 0) return {};
  const before = await processesOf(context, jid);
  if (before.length === 0) return {};
  await jails.kill(jid, "SIGTERM");
  const until = machine.clock() + limit;
  const waited = new Set(before.map((process) => process.pid));
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LONGEST_LOOK_MS)) {
    const left = (await processesOf(context, jid)).filter((process) => waited.has(process.pid));
    if (left.length === 0) return { note: `sent SIGTERM to ${[...waited].join(" ")}` };
    if (machine.clock() >= until) {
      const names = left.map((process) => `${process.pid} (${process.command})`).join(", ");
      return { note: `${names} did not end within ${(limit / 1000).toFixed(1)} s of SIGTERM` };
    }
    await machine.sleep(Math.min(wait, Math.max(until - machine.clock(), 0)));
  }
}

/** `stop.timeout`. */
export const terminateKind: StepKind = {
  up: () => [],
  down: (spec, row) =>
    spec.stopTimeoutMs === 0
      ? []
      : [{ step: row.name, direction: "down", where: "kernel", argv: [], text: "kill(2) SIGTERM" }],
  make: terminate,
  take: terminate,
};

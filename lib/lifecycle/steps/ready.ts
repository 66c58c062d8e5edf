import { componentsBelow } from "../../machine/files.js";
import { MachineError } from "../../machine/machine.js";
import type { ReadyProbe } from "../ready.js";
import { type StepContext, StepError, type StepKind } from "./kind.js";

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2000;
const DEFAULT_TIMEOUT_MS = 30_000;
/** How much of a log is looked at. */
const LOG_BYTES = 4 * 1024 * 1024;

/** What is asked, in words. */
function describe(probe: ReadyProbe): string {
  if (probe.kind === "tcp") return `tcp port ${probe.port}`;
  if (probe.kind === "exec") return probe.argv.join(" ");
  if (probe.kind === "file") return `file ${probe.path}`;
  if (probe.kind === "log") return `log ${String(probe.pattern)}`;
  return "function";
}

/** Asks once: undefined when it holds, else why not. */
async function ask(context: StepContext, probe: ReadyProbe, leftMs: number): Promise<string | undefined> {
  const { machine, signal, spec } = context;
  if (probe.kind === "tcp") {
    const own = [spec.parameters["ip4.addr"], spec.parameters["ip6.addr"]].flat()[0];
    const address = probe.address ?? (typeof own === "string" ? own : "127.0.0.1");
    const answer = await machine.connect(address, probe.port, Math.min(leftMs, LONGEST_PAUSE_MS), { signal });
    return answer === undefined ? undefined : `${address} port ${probe.port}: ${answer}`;
  }
  if (probe.kind === "exec") {
    const command = { hook: "exec.start", argv: probe.argv, background: false } as const;
    const result = await context.runInJail(command, { user: probe.user, timeoutMs: leftMs });
    if (result.timedOut) return "it did not end";
    if (result.status === 0) return undefined;
    return `status ${result.status ?? result.signal}: ${(result.stderr || result.stdout).trim().slice(-500)}`;
  }
  if (probe.kind === "file") {
    const root = (spec.path ?? "").replace(/\/+$/, "");
    for (const path of componentsBelow(root, `${root}${probe.path}`) ?? []) {
      const info = await machine.stat(path, { signal });
      if (info === undefined) return `${probe.path}: not there`;
      if (info.type === "symlink") return `${path} is a symbolic link`;
    }
    return undefined;
  }
  if (probe.kind === "log") return askLog(context, probe.pattern, probe.path ?? spec.consoleLog);
  const answered = new AbortController();
  const asked = AbortSignal.any([answered.signal, ...(signal === undefined ? [] : [signal])]);
  const answer = await Promise.race([
    Promise.resolve(probe.call({ name: spec.name, jid: context.jid ?? 0, signal })),
    machine.sleep(leftMs, { signal: asked }).then(() => "the function did not answer"),
  ]).finally(() => answered.abort());
  return answer === true ? undefined : answer === false ? "the function answered false" : answer;
}

async function askLog(context: StepContext, pattern: RegExp, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return "there is no log: neither a path nor exec.consolelog";
  try {
    const { machine, signal } = context;
    const size = (await machine.stat(path, { follow: true, signal }))?.size ?? 0;
    const since = context.logOffsets.get(path) ?? 0;
    const from = Math.max(size < since ? 0 : since, size - LOG_BYTES);
    const text = Buffer.from(await machine.readFile(path, { signal, from, most: LOG_BYTES })).toString("utf8");
    if (new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).test(text)) return undefined;
    return `${path} does not have it; its last line: ${text.trimEnd().split("\n").at(-1)?.slice(-200) ?? ""}`;
  } catch (error) {
    if (error instanceof MachineError) return error.message;
    throw error;
  }
}

async function waitReady(context: StepContext, probe: ReadyProbe): Promise<void> {
  const { machine, signal } = context;
  const timeoutMs = Math.min(probe.timeoutMs ?? DEFAULT_TIMEOUT_MS, context.remainingMs() ?? Number.POSITIVE_INFINITY);
  const until = machine.clock() + timeoutMs;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    signal?.throwIfAborted();
    let answer: string | undefined;
    try {
      answer = await ask(context, probe, Math.max(until - machine.clock(), 1));
    } catch (error) {
      signal?.throwIfAborted();
      answer = (error as Error).message;
    }
    if (answer === undefined) return;
    if (context.jid !== undefined && !(await context.jails.lingers(context.jid, context.spec.name))) {
      throw new StepError("ESRCH", `ready: the jail ended before it was ready; last answer: ${answer}`);
    }
    if (machine.clock() >= until) {
      throw new StepError(
        "ETIMEDOUT",
        `ready: ${describe(probe)} did not hold within ${(Math.max(timeoutMs, 0) / 1000).toFixed(1)} s: ${answer}`,
      );
    }
    await machine.sleep(Math.min(pause, Math.max(until - machine.clock(), 1)), { signal });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** The last step of a start: asked again and again until it holds or its time is over. */
export const readyKind: StepKind = {
  up: (spec, row) =>
    spec.ready.map((probe) => ({
      step: row.name,
      direction: "up",
      where: probe.kind === "exec" ? "jail" : "host",
      argv: probe.kind === "exec" ? probe.argv : [],
      text: describe(probe),
      probe,
    })),
  down: () => [],
  async make(context, { probe }) {
    if (probe !== undefined) await waitReady(context, probe);
    return {};
  },
  take: async () => ({}),
};

import type { RunResult } from "../../machine/run.js";
import { type StepEvent, type StepFailure, type StepTrace, stepChannel, stepFailure } from "../events.js";
import type { FailedStep } from "../ledger/summary.js";
import { type Action, type ActionResult, withJid } from "../steps/kind.js";
import { stepRow } from "../steps/table.js";
import type { Engine, JailContext } from "./context.js";

/** How much of a failed step's output is remembered after the run. */
const REMEMBERED_BYTES = 2000;

/** How an action went: its event, and its error as it was thrown. */
export interface Performed {
  readonly event: StepEvent;
  readonly thrown?: unknown;
}

function resultOf(done: ActionResult | undefined, thrown: unknown): RunResult | undefined {
  return done?.result ?? (thrown as { result?: RunResult } | undefined)?.result;
}

/** Does one action and tells of it. Never throws for what the action threw: that is in the answer. */
export async function perform(engine: Engine, context: JailContext, action: Action): Promise<Performed> {
  const { machine, emit } = engine;
  const { step, direction, where, text, thing } = action;
  const argv = thing === undefined || context.jid === undefined ? action.argv : withJid(action.argv, context.jid);
  const identity = { step, direction, where, argv, text };
  const jail = context.spec.name;
  emit({ type: "begin", jail, at: machine.now(), ...identity });
  const begun = machine.clock();
  context.step = step;
  context.direction = direction;
  context.queuedMs = 0;
  let done: ActionResult | undefined;
  let thrown: unknown;
  let failure: StepFailure | undefined;
  const finish = (): StepEvent => {
    const result = resultOf(done, thrown);
    return {
      type: "step",
      jail,
      at: machine.now(),
      ...identity,
      ...(result === undefined ? {} : { argv: result.argv }),
      outcome: failure === undefined ? "done" : "failed",
      durationMs: machine.clock() - begun,
      queuedMs: context.queuedMs,
      stdout: result?.stdout ?? "",
      stderr: result?.stderr ?? "",
      truncated: result?.truncated ?? false,
      status: result?.status ?? null,
      signal: result?.signal ?? null,
      ...(done?.note === undefined ? {} : { note: done.note }),
      ...(failure === undefined ? {} : { error: failure }),
    };
  };
  const work = async (): Promise<StepEvent> => {
    const { kind } = stepRow(step);
    try {
      done = await (direction === "up" ? kind.make(context, action) : kind.take(context, action));
    } catch (error) {
      thrown = error;
      failure = stepFailure(error);
      void context.log?.write({ step, direction, stream: "note", text: failure.message });
    }
    return finish();
  };
  let event: StepEvent;
  if (stepChannel.hasSubscribers) {
    const trace: StepTrace = { jail, ...identity };
    event = await stepChannel.tracePromise(async () => {
      trace.event = await work();
      return trace.event;
    }, trace);
  } else event = await work();
  context.step = undefined;
  emit(event);
  return failure === undefined ? { event } : { event, thrown };
}

/** A failed step as it is remembered when the run is over. */
export function remembered(event: StepEvent): FailedStep {
  const output = `${event.stdout}${event.stderr}`.slice(-REMEMBERED_BYTES);
  const { step, direction, argv, error } = event;
  return {
    step,
    direction,
    argv,
    message: error?.message ?? "",
    ...(error?.code === undefined ? {} : { code: error.code }),
    ...(error?.hint === undefined ? {} : { hint: error.hint }),
    output,
  };
}

import type { LocalKernel, SimulatedControls } from "../../binding.js";
import { killHostProcess } from "./runner.js";

/** Calls that may end a jail, and its processes with it. */
const ENDING = ["jailRemove", "jailRemoveSync", "jailRemoveJd", "jailRemoveJdSync", "close", "closeSync"] as const;

/** The same kernel; the host's processes that stand for simulated ones end when those end with their jail. */
export function endingHostProcesses(kernel: LocalKernel, controls: SimulatedControls): LocalKernel {
  const standing = () => controls.processes().flatMap(({ pid, hostPid }) => (hostPid > 0 ? [{ pid, hostPid }] : []));
  const wrapped: Record<string, unknown> = { ...kernel };
  for (const name of ENDING) {
    const call = kernel[name] as (...args: unknown[]) => unknown;
    wrapped[name] = (...args: unknown[]) => {
      const before = standing();
      const end = (): void => {
        const left = new Set(standing().map(({ pid }) => pid));
        for (const { pid, hostPid } of before) if (!left.has(pid)) killHostProcess(hostPid, "SIGKILL");
      };
      const answer = call.apply(kernel, args);
      if (answer instanceof Promise) {
        return answer.then((value) => {
          end();
          return value;
        });
      }
      end();
      return answer;
    };
  }
  return wrapped as unknown as LocalKernel;
}

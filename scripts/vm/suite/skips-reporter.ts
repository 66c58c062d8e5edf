/**
 * A reporter for vitest, used in the guest beside the others: writes which tests were skipped and why, which JUnit's form
 * has no place for. The file's name comes by BSDJAIL_VM_SKIPS.
 */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Tests with the same reason for being skipped. */
export interface Skip {
  readonly reason: string;
  readonly tests: readonly string[];
}

/** What is said of a test that its declaration leaves out, by `runIf` or `skipIf`. */
export const DECLARED = "its declaration leaves it out on this system";

export default class SkipsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env.BSDJAIL_VM_SKIPS;
    if (file === undefined) return;
    const byReason = new Map<string, string[]>();
    for (const module of modules) {
      for (const test of module.children.allTests("skipped")) {
        const result = test.result();
        const reason = (result.state === "skipped" ? result.note : undefined) ?? DECLARED;
        byReason.set(reason, [...(byReason.get(reason) ?? []), `${module.relativeModuleId}: ${test.fullName}`]);
      }
    }
    const skips: Skip[] = [...byReason].map(([reason, tests]) => ({ reason, tests }));
    writeFileSync(file, JSON.stringify(skips, null, 2));
  }
}

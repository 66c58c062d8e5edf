/** Results of tests as JUnit's XML has them, counted; and several of them in one file. */

/** Counts of tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The sum of counts. */
export function sum(counts: readonly Counts[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const each of counts) {
    total.passed += each.passed;
    total.failed += each.failed;
    total.skipped += each.skipped;
  }
  return total;
}

/** The suites of a report, each with its counts. */
function suites(xml: string): readonly string[] {
  return [...xml.matchAll(/<testsuite [^>]*>/g)].map(([tag]) => tag);
}

function attribute(tag: string, name: string): number {
  return Number(new RegExp(` ${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);
}

/** What a report counts. Undefined where it has no suite: it says nothing. */
export function countJunit(xml: string): Counts | undefined {
  const tags = suites(xml);
  if (tags.length === 0) return undefined;
  return sum(
    tags.map((tag) => {
      const failed = attribute(tag, "failures") + attribute(tag, "errors");
      const skipped = attribute(tag, "skipped");
      return { passed: Math.max(0, attribute(tag, "tests") - failed - skipped), failed, skipped };
    }),
  );
}

/** The closing line of our own scripts, `12 passed, 0 failed, 3 skipped`; the last one in a text. */
export function countLine(text: string): Counts | undefined {
  const [, passed, failed, skipped] =
    [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1) ?? [];
  return passed === undefined
    ? undefined
    : { passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) };
}

function escaped(text: string): string {
  const words: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  // XML has no way to write other control characters.
  return text.replace(/[&<>"]/g, (character) => words[character] as string).replace(/[^\t\n\r\x20-\uffff]/g, "?");
}

/** A report of one test for a part that writes none itself. */
export function junitOf(name: string, counts: Counts, output: string): string {
  const failures =
    counts.failed === 0 ? "" : `<failure message="${counts.failed} failed">${escaped(output.slice(-20_000))}</failure>`;
  const tests = counts.passed + counts.failed + counts.skipped;
  const head = `tests="${tests}" failures="${counts.failed}" errors="0" skipped="${counts.skipped}"`;
  const body = `<testcase classname="${escaped(name)}" name="${escaped(name)}">${failures}</testcase>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="${escaped(name)}" ${head}>${body}</testsuite></testsuites>\n`;
}

/** Several reports in one, the names of their suites with the machine's before them. */
export function mergeJunit(reports: readonly { readonly machine: string; readonly xml: string }[]): string {
  const bodies = reports.map(({ machine, xml }) => {
    const inner = /<testsuites[^>]*>([\s\S]*)<\/testsuites>/.exec(xml)?.[1] ?? "";
    return inner.replace(/<testsuite name="/g, `<testsuite name="${escaped(machine)}: `);
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="bsdjail">\n${bodies.join("\n")}\n</testsuites>\n`;
}

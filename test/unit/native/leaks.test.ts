import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("machines, calls, lists and queues give back their memory", () => {
  const grown = Number(
    execFileSync(process.execPath, ["--expose-gc", join(__dirname, "leaks.cjs")], { encoding: "utf8" }),
  );
  // A round makes 200 machines of 20 jails: leaked, those would be far more.
  expect(grown).toBeLessThan(8);
});

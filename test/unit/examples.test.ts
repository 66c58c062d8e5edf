import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(__dirname, "../..");
const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".cjs"));

function run(name: string) {
  const child = spawnSync(process.execPath, [join(root, "examples", name)], { cwd: root, encoding: "utf8" });
  return { status: child.status, out: child.stdout, err: child.stderr };
}

// They use the package as its users do: built.
describe.runIf(existsSync(join(root, "dist/index.js")))("an example", () => {
  it.each(examples)("%s runs and says nothing of an error", (name) => {
    expect(readFileSync(join(root, "examples", name), "utf8")).toContain('require("bsdjail")');
    expect(run(name)).toMatchObject({ status: 0, err: "" });
  });

  it("inside.cjs shows answers, failures, processes, limits and events", () => {
    expect(run("inside.cjs").out.split("\n")).toEqual([
      "id: uid=80(www)",
      "runs: nginx -g daemon off;",
      "holds it: process, persist",
      "migrate: status 3, no database",
      "nosuch: ERR_JAIL_NO_SUCH_COMMAND",
      "limits: maxproc=1",
      "uses: 1 process",
      "ended: nginx -g daemon off; SIGTERM",
      "asked for: id, nginx, migrate, nosuch",
      "seen: exists, removed, gone",
      "",
    ]);
  });

  it("up-and-down.cjs shows a failure, why, a change and an end", () => {
    const lines = run("up-and-down.cjs").out.split("\n");
    expect(lines).toContain("web: exec.start failed");
    expect(lines).toContain("all up: false");
    expect(lines).toContain(
      "why web is not: in its last run, exec.start failed with status 1; service nginx start wrote: nginx: no such file",
    );
    expect(lines).toContain("now: true");
    expect(lines).toContain("plan: db update ip4.addr, alias lo0|192.0.2.20");
    expect(lines).toContain("all down: true");
  });
});

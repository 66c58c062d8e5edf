// Packs the package, installs the tarball into an empty folder, and uses it as a stranger would: required, imported, and
// by its command. With --ignore-scripts where a prebuild for this machine was packed, so that the prebuild is what runs.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "bsdjail-pack-"));
const run = (file, args, env = {}) =>
  execFileSync(file, args, {
    cwd: scratch,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env, XDG_STATE_HOME: join(scratch, "state") },
  });

let passed = 0;
const check = (title, holds) => {
  if (!holds) throw new Error(`pack-smoke: ${title}`);
  passed += 1;
  console.log(`ok: ${title}`);
};

try {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch], {
      cwd: root,
      encoding: "utf8",
    }),
  );
  const names = packed.files.map((file) => file.path);
  check(
    "no test, fixture or TypeScript source is packed",
    !names.some((name) => /(^|\/)test\/|fixtures|(?<!\.d)\.ts$/.test(name)),
  );
  const prebuilt = existsSync(join(root, "prebuilds", `${process.platform}-${process.arch}`));
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ name: "stranger", private: true }));
  run("npm", ["install", ...(prebuilt ? ["--ignore-scripts"] : []), join(scratch, packed.filename)]);

  const program = `
    const host = JailHost.simulated({ release: "15.1" });
    const jail = host.createSync({ name: "web", path: "/" });
    console.log(JSON.stringify(host.listSync(["jid", "name"])), jail.name);`;
  writeFileSync(join(scratch, "use.cjs"), `const { JailHost } = require("bsdjail");${program}`);
  writeFileSync(join(scratch, "use.mjs"), `import { JailHost } from "bsdjail";${program}`);
  check("it can be required", run("node", ["use.cjs"]).includes('"name":"web"'));
  check("it can be imported", run("node", ["use.mjs"]).includes('"name":"web"'));
  run("npx", ["--no-install", "bsdjail", "create", "name=web", "path=/"], { BSDJAIL_KERNEL: "simulated" });
  check(
    "its command lists what its command created",
    run("npx", ["--no-install", "bsdjail", "list"], { BSDJAIL_KERNEL: "simulated" }).includes("web"),
  );

  // vitest is the stranger's own: here the checkout's.
  symlinkSync(join(root, "node_modules/vitest"), join(scratch, "node_modules/vitest"));
  writeFileSync(
    join(scratch, "use.test.mjs"),
    `import { JailHost } from "bsdjail";
    import { expect, test } from "bsdjail/vitest";
    test("a stranger's", async ({ host, jail, faults }) => {
      expect(host).toBeInstanceOf(JailHost);
      faults.fail("jail_set", "ENOMEM");
      await expect(jail.update({ "children.max": 1 })).rejects.toMatchObject({ code: "ENOMEM" });
      await expect(() => host.create({ name: "left", path: "/" })).not.toLeaveNothing({ host });
    });`,
  );
  check(
    "its fixtures and its matcher work in the stranger's vitest",
    run("node", ["node_modules/vitest/vitest.mjs", "run"], { BSDJAIL_KERNEL: "simulated", NO_COLOR: "1" }).includes(
      "1 passed",
    ),
  );

  // So are the compiler and the declarations of Node.js.
  for (const name of ["typescript", "@types"])
    symlinkSync(join(root, "node_modules", name), join(scratch, "node_modules", name));
  const uses = `
    import { Jail, JailHost } from "bsdjail";
    import { loadConf } from "bsdjail/conf";
    const jails: number[] = JailHost.simulated().listSync(["jid"]).map(({ jid }) => jid);
    const problems: number = loadConf("jail.conf").problems.length;
    export const uses: readonly unknown[] = [Jail, jails, problems];`;
  writeFileSync(join(scratch, "use.ts"), uses);
  const tsc = (...options) =>
    run("node", ["node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--types", "node", ...options, "use.ts"]);
  tsc("--module", "node20", "--target", "es2022", "--lib", "es2023,esnext.disposable");
  tsc(
    "--module",
    "preserve",
    "--moduleResolution",
    "bundler",
    "--target",
    "es2022",
    "--lib",
    "es2023,esnext.disposable",
  );
  check("its declarations are whole", true);
  console.log(`${passed} passed, 0 failed`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

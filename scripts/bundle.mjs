// The last step of `npm run build:ts`: puts the command itself, FreeBSD's commands and those that scripts run most into one
// file each, in place of the one that tsc wrote. To find and read some forty small files takes longer than `jls` itself.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");

/** Commands beside the one that starts them; `streams` has what all of a process knows. */
const NAMED = ["completion", "conf", "doctor", "failure", "help", "streams"];

/** Entry points, with what each loads only when it is needed, or shares with others: that stays a file of its own. */
const COMMANDS = [
  {
    file: "cli/main.js",
    apart: ["./base/*", "./inside/*", "./lifecycle/*", "./verbs/*", ...NAMED.map((name) => `./${name}.js`)],
  },
  { file: "cli/base/jls.js", apart: [] },
  { file: "cli/base/jexec.js", apart: [] },
  { file: "cli/base/jail/jail.js", apart: ["../../dragonfly-jail.js"] },
  { file: "cli/inside/exec.js", apart: ["../help.js"] },
  { file: "cli/verbs/list.js", apart: ["../help.js"] },
];

/** What brings many modules of Node's along, or a library, and is needed by few runs of a command. */
const HEAVY =
  /^node:(?:child_process|crypto|dns\/promises|fs\/promises|net|perf_hooks|stream|timers\/promises)$|^\.\/child\.js$/;

/** Has a heavy module loaded when the first of its functions is asked for. */
const whenAskedFor = {
  name: "when-asked-for",
  setup({ onResolve, onLoad }) {
    // What the modules below ask for themselves.
    onResolve({ filter: /./, namespace: "heavy" }, ({ path }) => ({ path, external: path.startsWith("node:") }));
    onResolve({ filter: HEAVY }, ({ path, resolveDir }) => ({
      path: path.startsWith("node:") ? path : join(resolveDir, path),
      namespace: "heavy",
    }));
    onLoad({ filter: /./, namespace: "heavy" }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require(${JSON.stringify(path)})[name] });`,
    }));
  },
};

// What an earlier build left of sources that are gone would be packed as well.
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const [, name, kind] = /^(.*?)(?:\.d)?\.(m?)[jt]s$/.exec(file) ?? [];
  if (name !== undefined && !existsSync(join(dist, "../lib", `${name}.${kind}ts`))) rmSync(join(dist, file));
}

for (const { file, apart } of COMMANDS) {
  const path = join(dist, file);
  await build({
    entryPoints: [path],
    outfile: path,
    allowOverwrite: true,
    bundle: true,
    platform: "node",
    target: "node20",
    external: ["node-gyp-build", ...apart],
    // The modules of lib know the package's folder by where they are.
    define: { __dirname: "distFolder" },
    banner: {
      js: `"use strict";\nconst distFolder = require("node:path").join(__dirname, ${JSON.stringify(relative(dirname(path), dist))});`,
    },
    plugins: [whenAskedFor],
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "warning",
  });
}

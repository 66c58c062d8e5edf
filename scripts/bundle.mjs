// The last step of `npm run build:ts`: puts each of FreeBSD's commands into one file, in place of the one that tsc wrote
// for it. To find and read some forty small files takes longer than `jls` itself.
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");

/** Entry points, with what each loads only when it is needed: that stays a file of its own. */
const COMMANDS = [
  { file: "cli/base/jls.js", apart: [] },
  { file: "cli/base/jexec.js", apart: [] },
  { file: "cli/base/jail/jail.js", apart: ["../../dragonfly-jail.js"] },
];

for (const { file, apart } of COMMANDS) {
  const path = join(dist, file);
  buildSync({
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
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "warning",
  });
}

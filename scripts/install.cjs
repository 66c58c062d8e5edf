// npm's install script. Uses a prebuild that fits; else compiles with node-gyp. An installation as a dependency never
// fails for lack of a compiler: loading then says what is missing. In a checkout a failure to compile is a failure.
"use strict";
const { spawnSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");

const root = join(__dirname, "..");
const checkout = existsSync(join(root, "tsconfig.json")) && existsSync(join(root, "test"));

/** The folder that holds `include/node` of the Node.js that runs, or undefined: headers are then downloaded. */
function nodeDir() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include", "node", "node_api.h")) ? prefix : undefined;
}

/** Whether an addon that is already there loads. */
function prebuilt() {
  if (process.env.npm_config_build_from_source) return false;
  try {
    require("node-gyp-build")(root);
    return true;
  } catch {
    return false;
  }
}

/** node-gyp as this checkout has it, or the one that npm carries. */
function nodeGyp() {
  try {
    return require.resolve("node-gyp/bin/node-gyp.js");
  } catch {
    return process.env.npm_config_node_gyp;
  }
}

function compile() {
  const script = nodeGyp();
  if (!script || !existsSync(script)) return "node-gyp was not found (npm carries it; run this by `npm install`)";
  const dir = process.env.npm_config_nodedir ?? nodeDir();
  // In a checkout only what changed is compiled again.
  const args = [script, ...(checkout ? ["configure", "build"] : ["rebuild"]), "--release", "--jobs=max"];
  if (dir !== undefined) args.push(`--nodedir=${dir}`);
  args.push(...process.argv.slice(2));
  const run = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (run.error) return run.error.message;
  if (run.status !== 0)
    return `node-gyp ended with ${run.signal ?? `exit status ${run.status}`} (see its output above)`;
  return undefined;
}

if (checkout || !prebuilt()) {
  const problem = compile();
  if (problem !== undefined) {
    console.error(`bsdjail: the native addon was not compiled: ${problem}`);
    console.error("bsdjail: compiling takes a C++20 compiler (g++ 12, clang 14 or newer), make and Python 3.");
    if (checkout) process.exit(1);
    console.error("bsdjail: installed without it; what needs it will say so. Try again with: npm rebuild bsdjail");
  }
}

// `npm run prebuild`: the prebuild for this machine, by prebuildify, and the helpers beside it. prebuildify moves the addon
// out of build/Release; `npm run build` puts one back.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./cmake.mjs";

const prefix = dirname(dirname(process.execPath));
const local = existsSync(join(prefix, "include/node/node_api.h"));
const run = spawnSync(
  process.execPath,
  [join(root, "node_modules/prebuildify/bin.js"), "--napi", "--strip", "--tag-libc"],
  // Headers beside the running Node.js are used where there are some, as by scripts/install.cjs.
  { cwd: root, stdio: "inherit", env: { ...process.env, ...(local ? { npm_config_nodedir: prefix } : {}) } },
);
if (run.status !== 0) {
  console.error("prebuildify failed");
  process.exit(1);
}
const folder = join(root, "prebuilds", `${process.platform}-${process.arch}`);
for (const helper of ["jail-exec", "mount-helper"]) {
  copyFileSync(join(root, "build/Release", helper), join(folder, helper));
  chmodSync(join(folder, helper), 0o755);
}
for (const file of readdirSync(folder)) console.log(join(folder, file));

// Lists the C++ sources of one part, for binding.gyp and the FreeBSD cross build: `node scripts/sources.cjs PART SYSTEM`.
"use strict";
const { readdirSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");

/** Files of `native/<folder>`, sorted, relative to the package and with slashes. */
function folder(name, accept = () => true) {
  return readdirSync(join(root, "native", name))
    .filter((file) => /\.cc$/.test(file) && accept(file))
    .sort()
    .map((file) => `native/${name}/${file}`);
}

/** What jail-exec asks the operating system for, which mount-helper does as well. */
const systemFile = (system) =>
  ["freebsd", "dragonfly"].includes(system) ? `system_${system}.cc` : "system_simulated.cc";

const parts = {
  addon: (system) => [
    ...folder("addon"),
    ...folder("core"),
    ...folder("kernel"),
    ...folder("kernel/simulated"),
    ...folder("kernel/simulated/dragonfly"),
    ...folder("kernel/dragonfly"),
    ...(system === "freebsd" ? folder("kernel/freebsd") : []),
    ...(system === "dragonfly"
      ? [
          ...folder("kernel/dragonfly/native"),
          "native/kernel/freebsd/sysctl.cc",
          "native/kernel/freebsd/process_table.cc",
        ]
      : []),
  ],
  "jail-exec": (system) => {
    return [
      ...folder("jail-exec", (file) => !file.startsWith("system_") || file === systemFile(system)),
      "native/kernel/errno.cc",
      ...(system === "dragonfly" ? ["native/kernel/dragonfly/native/abi.cc"] : []),
    ];
  },
  "mount-helper": (system) => {
    const table = system === "freebsd" ? "mount_table_freebsd.cc" : "mount_table_other.cc";
    const shared = ["user.cc", "descriptors.cc", systemFile(system)];
    return [
      ...folder("mount-helper", (file) => !file.startsWith("mount_table_") || file === table),
      ...folder("jail-exec", (file) => shared.includes(file)),
      "native/kernel/errno.cc",
      ...(system === "dragonfly" ? ["native/kernel/dragonfly/native/abi.cc"] : []),
    ];
  },
  perform: () => [...folder("conformance"), "native/kernel/errno.cc"],
};

// gyp takes DragonFly for a FreeBSD.
module.exports = (part, system) => parts[part](process.platform === "dragonfly" ? "dragonfly" : system);
if (require.main === module) console.log(module.exports(process.argv[2], process.argv[3]).join("\n"));

// A program of the simulated machine under its own name: `node host-program.cjs NAME ARGUMENT…`.
"use strict";
const { join } = require("node:path");

const dist = join(__dirname, "..", "..", "dist");
const { openBaseKernel } = require(join(dist, "cli/base/kernel.js"));
const { BaseCalls } = require(join(dist, "cli/base/calls.js"));
const { openAround } = require(join(dist, "cli/base/jail/machines.js"));
const { processIo } = require(join(dist, "cli/io.js"));

async function main() {
  const io = processIo();
  const base = openBaseKernel(io);
  const { machine } = openAround(base, await BaseCalls.open(base.kernel), io);
  const program = await machine.start({ argv: process.argv.slice(2) });
  for await (const { stream, bytes } of program.output) io[stream].write(bytes);
  return (await program.exited).status ?? 1;
}

main().then((status) => {
  process.exitCode = status;
});

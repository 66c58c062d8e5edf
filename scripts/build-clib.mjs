// `npm run build:clib`: the simulated kernel as a C library, with the headers that C code for jails includes, in one
// folder, whose name is the last line of the output.
import { join } from "node:path";
import { build } from "./cmake.mjs";

try {
  console.log(join(build("clib"), "clib"));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

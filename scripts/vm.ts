/**
 * `npm run vm -- COMMAND`: FreeBSD in a virtual machine. Runs this project's suite there (`test`), or another project's
 * commands (`run`), and keeps machines to work on (`up`, `exec`, `shell`, `copy`, `down`). docs/vm.md tells it all.
 */
import { abortOnSignals } from "./vm/cleanup.js";
import { STATUS } from "./vm/errors.js";
import { runTool } from "./vm/tool.js";

const controller = new AbortController();
// A second signal does not wait for the undoing; machines that this process started end with it, however it ends.
const stop = abortOnSignals(controller, () => process.exit(STATUS.interrupted));
const io = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
};

runTool(process.argv.slice(2), process.env, io, controller.signal).then((status) => {
  stop();
  process.exitCode = status;
});

/**
 * An orchestrator to be killed: starts or stops the jails of a folder, and ends itself by SIGKILL at the point that it is
 * told. `orchestrator FOLDER up|down POINT`; prints how many points it passed when it lived to the end.
 */
import { JailHost } from "../../../lib/host.js";
import { Lifecycle } from "../../../lib/lifecycle/lifecycle.js";
import { withFaults } from "./faults.js";
import { BOOKS, EVERY_STEP, openFolder } from "./simulated.js";

const [path = "", way, target = "0"] = process.argv.slice(2);
let points = 0;

function point(): void {
  points++;
  if (points === Number(target)) process.kill(process.pid, "SIGKILL");
}

const { host, jails, machine } = openFolder(JailHost, path);
const kernel = host.kernel as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
for (const call of ["jailSet", "jailRemove"]) {
  const original = kernel[call] as (...args: unknown[]) => Promise<unknown>;
  kernel[call] = async (...args) => {
    point();
    return original(...args);
  };
}
// Between the end of one operation and the next nothing outside changes: the points before each are all that there are.
const faulty = withFaults(machine, (_operation, done) => {
  if (!done) point();
  return undefined;
});
const lifecycle = new Lifecycle({ jails, machine: faulty, directory: BOOKS });
const run = way === "up" ? lifecycle.up(EVERY_STEP, { parallel: 1 }) : lifecycle.down(EVERY_STEP, { parallel: 1 });
run.result.then((outcome) => {
  point();
  process.stdout.write(outcome.ok ? `${points}\n` : JSON.stringify(outcome));
});

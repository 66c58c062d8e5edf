import { type Check, check } from "./diagnosis.js";
import type { DoctorMachine } from "./machine.js";

/** Checks that are the same on every system: who we are, and whether there is a way into jails. */
export function commonChecks(machine: DoctorMachine, jailed: boolean, simulated: boolean): Check[] {
  const checks: Check[] = [];
  if (machine.uid !== undefined) {
    const root = machine.uid === 0;
    const remedy = "Run as root: jails are made, changed and removed by root alone. To list them takes no rights.";
    checks.push(check("jails", "root", "This process is root's", root, `user id ${machine.uid}`, remedy));
  } else {
    checks.push(
      check(
        "jails",
        "root",
        "This process is root's",
        true,
        simulated ? "simulated processes are root's" : "no user ids here",
      ),
    );
  }
  if (!simulated) {
    const there = machine.jailExec !== undefined;
    const remedy = "npm rebuild bsdjail --foreground-scripts compiles it; it takes a C++20 compiler.";
    checks.push(
      check(
        "jails",
        "jail-exec",
        "The program that enters jails is there",
        there,
        machine.jailExec ?? "not built",
        remedy,
      ),
    );
  }
  checks.push({
    name: "host",
    area: "advice",
    statement: "This process is on the host",
    answer: jailed ? "no" : "yes",
    found: jailed ? "in a jail: what can be allowed to a jail here is what this one has itself" : "on the host",
  });
  return checks;
}

import type { CliCommand } from "./io.js";

/**
 * Our commands by name, each loaded when it is asked for: a command that is not run costs nothing at start.
 *
 * `require` and not `import()`: the latter brings up Node's loader for ES modules, which takes longer than `jls` itself.
 */
export const COMMANDS: Readonly<Record<string, () => CliCommand>> = {
  create: () => (require("./verbs/create.js") as typeof import("./verbs/create.js")).createCommand,
  list: () => (require("./verbs/list.js") as typeof import("./verbs/list.js")).listCommand,
  get: () => (require("./verbs/get.js") as typeof import("./verbs/get.js")).getCommand,
  set: () => (require("./verbs/set.js") as typeof import("./verbs/set.js")).setCommand,
  remove: () => (require("./verbs/remove.js") as typeof import("./verbs/remove.js")).removeCommand,
  params: () => (require("./verbs/params.js") as typeof import("./verbs/params.js")).paramsCommand,
  exec: () => (require("./inside/exec.js") as typeof import("./inside/exec.js")).execCommand,
  ps: () => (require("./inside/ps.js") as typeof import("./inside/ps.js")).psCommand,
  kill: () => (require("./inside/kill.js") as typeof import("./inside/kill.js")).killCommand,
  watch: () => (require("./inside/watch.js") as typeof import("./inside/watch.js")).watchCommand,
  doctor: () => (require("./doctor.js") as typeof import("./doctor.js")).doctorCommand,
  up: () => (require("./lifecycle/up.js") as typeof import("./lifecycle/up.js")).upCommand,
  down: () => (require("./lifecycle/down.js") as typeof import("./lifecycle/down.js")).downCommand,
  restart: () => (require("./lifecycle/restart.js") as typeof import("./lifecycle/restart.js")).restartCommand,
  plan: () => (require("./lifecycle/plan.js") as typeof import("./lifecycle/plan.js")).planCommand,
  apply: () => (require("./lifecycle/apply.js") as typeof import("./lifecycle/apply.js")).applyCommand,
  status: () => (require("./lifecycle/status.js") as typeof import("./lifecycle/status.js")).statusCommand,
  tree: () => (require("./lifecycle/tree.js") as typeof import("./lifecycle/tree.js")).treeCommand,
  logs: () => (require("./lifecycle/logs.js") as typeof import("./lifecycle/logs.js")).logsCommand,
  why: () => (require("./lifecycle/why.js") as typeof import("./lifecycle/why.js")).whyCommand,
  recover: () => (require("./lifecycle/recover.js") as typeof import("./lifecycle/recover.js")).recoverCommand,
  conf: () => (require("./conf.js") as typeof import("./conf.js")).confCommand,
  completion: () => (require("./completion.js") as typeof import("./completion.js")).completionCommand,
};

/** Those that run another program, whose arguments are its own. */
export const RUNNING: ReadonlySet<string> = new Set(["exec"]);

/** The commands of FreeBSD's base system, which take its arguments and none of ours. */
export const BASE_COMMANDS: Readonly<Record<string, () => CliCommand>> = {
  jail: () => (require("./base/jail/jail.js") as typeof import("./base/jail/jail.js")).jailCommand,
  jexec: () => (require("./base/jexec.js") as typeof import("./base/jexec.js")).jexecCommand,
  jls: () => (require("./base/jls.js") as typeof import("./base/jls.js")).jlsCommand,
};

import { unescapeField } from "../../../lifecycle/fstab.js";
import { hookCommand } from "../../../lifecycle/hook.js";
import type { ExecHook } from "../../../lifecycle/parameters.js";
import type { BaseJail } from "./model.js";

/** A program that a step runs. */
export interface StepCommand {
  readonly argv: readonly string[];
  /** Not waited for. */
  readonly background: boolean;
  readonly inJail: boolean;
  /** A place that has to be below the jail's root by no symbolic link; unmounting also asks what is mounted there. */
  readonly target?: { readonly parameter: string; readonly path: string; readonly mounted: string | undefined };
}

/** Why a step's value cannot be run. */
export interface StepProblem {
  readonly problem: string;
}

/** Steps in the order of a jail's start. `ip4` and its like are copies of parameters; `` is the call itself. */
export const START_STEPS: readonly string[] = [
  "exec.prepare",
  "ip4",
  "ip6",
  "mount",
  "fstab",
  "mount.devfs",
  "mount.fdescfs",
  "mount.procfs",
  "exec.prestart",
  "",
  "exec.created",
  "zfs.dataset",
  "vnet.interface",
  "exec.start",
  "command",
  "exec.poststart",
];

/** Steps after a jail's removal. */
export const CLEAN_STEPS: readonly string[] = [
  "exec.poststop",
  "mount.procfs",
  "mount.fdescfs",
  "mount.devfs",
  "fstab",
  "mount",
  "ip6",
  "ip4",
  "exec.release",
];

/** Steps in the order of a jail's stop. */
export const STOP_STEPS: readonly string[] = ["exec.prestop", "exec.stop", "stop.timeout", "", ...CLEAN_STEPS];

/** Steps that a failed start does not walk back over: what a command did is its own to undo. */
export const NOT_UNDONE: readonly string[] = [
  "exec.prepare",
  "exec.prestart",
  "exec.created",
  "exec.start",
  "command",
  "exec.poststart",
];

/** Steps whose values are taken from the last to the first when a jail is stopped. */
export const REVERSED: readonly string[] = ["ip4", "ip6", "mount", "fstab"];

const BELOW_ROOT: Readonly<Record<string, string>> = {
  "mount.devfs": "/dev",
  "mount.fdescfs": "/dev/fd",
  "mount.procfs": "/proc",
};

/** Values of a step; one empty text stands for a step that has none of its own. */
export function stepValues(jail: BaseJail, step: string): readonly string[] {
  if (step === "" || step === "stop.timeout") return [""];
  if (step in BELOW_ROOT) return jail.boolean(step) ? [""] : [];
  if (step === "ip4" || step === "ip6" || step === "fstab") return jail.copyOf(step)?.values ?? [];
  const values = jail.find(step)?.values ?? [];
  // The command of the command line is one, its words apart.
  return step === "command" && jail.name === undefined ? values.slice(0, 1) : values;
}

/** Whether a value of a step is run at all. */
export function isRun(step: string, value: string): boolean {
  return value !== "" || step === "" || step === "stop.timeout" || step in BELOW_ROOT;
}

/**
 * The program that one value of a step runs; undefined where there is none.
 *
 * @param down the jail goes down, or its start is undone
 */
export function stepCommand(
  jail: BaseJail,
  step: string,
  value: string,
  down: boolean,
): StepCommand | StepProblem | undefined {
  const host = (argv: readonly string[]): StepCommand => ({ argv, background: false, inJail: false });
  if (step === "ip4" || step === "ip6") return host(aliasCommand(jail, step, value, down));
  if (step === "vnet.interface")
    return host(["/sbin/ifconfig", value, down ? "-vnet" : "vnet", jail.text("jid") ?? ""]);
  if (step === "mount" || step === "fstab")
    return mountCommand(step === "fstab" ? "mount.fstab" : "mount", value, down);
  if (step in BELOW_ROOT) return builtinMount(jail, step, down);
  if (step === "zfs.dataset") return host(["/bin/sh", "-c", datasetScript(value, jail.text("jid") ?? "")]);
  const inJail = step === "exec.start" || step === "command" || step === "exec.stop";
  if (step === "command" && jail.name === undefined) {
    return { argv: jail.find("command")?.values ?? [], background: false, inJail };
  }
  const command = hookCommand(step as ExecHook, value);
  return command === undefined ? undefined : { argv: command.argv, background: command.background, inJail };
}

function aliasCommand(jail: BaseJail, family: "ip4" | "ip6", value: string, down: boolean): string[] {
  const blank = value.indexOf(" ");
  const extra = blank < 0 || blank === value.length - 1 ? "" : value.slice(blank + 1);
  const head = extra === "" ? value : value.slice(0, blank);
  const bar = head.indexOf("|");
  const name = bar < 0 ? (jail.text("interface") ?? "") : head.slice(0, bar);
  const address = head.slice(bar + 1);
  const slash = address.indexOf("/");
  const mask = slash < 0 ? undefined : address.slice(slash + 1);
  let place: string[];
  if (mask === undefined) {
    place = family === "ip4" ? [address, "netmask", "255.255.255.255"] : [address, "prefixlen", "128"];
  } else if (family === "ip4" && mask.includes(".")) place = [address.slice(0, slash), "netmask", mask];
  else place = [address];
  const words = down ? [] : extra.split(" ").filter((word) => word !== "");
  return ["/sbin/ifconfig", name, family === "ip4" ? "inet" : "inet6", ...place, ...words, down ? "-alias" : "alias"];
}

function mountCommand(parameter: string, value: string, down: boolean): StepCommand | StepProblem | undefined {
  const fields = value
    .split(/[ \t\f\v\r\n]+/)
    .filter((field) => field !== "")
    .slice(0, 4);
  if (fields.length === 0) return undefined;
  const plain = fields.slice(0, 2).map(unescapeField);
  if (plain.includes(undefined)) return { problem: `${parameter}: ${value}: fstab parse error` };
  const [source = "", path = ""] = plain;
  const [, , type, options] = fields;
  if (type === undefined) return { problem: `${parameter}: ${value}: missing information` };
  const target = { parameter, path, mounted: down ? type : undefined };
  const argv = down
    ? ["/sbin/umount", "-t", type, path]
    : ["/sbin/mount", "-t", type, ...(options === undefined ? [] : ["-o", options]), source, path];
  return { argv, background: false, inJail: false, target };
}

function builtinMount(jail: BaseJail, step: string, down: boolean): StepCommand | StepProblem {
  const root = jail.text("path");
  if (root === undefined) return { problem: `${step}: no jail root path defined` };
  const path = `${root}${BELOW_ROOT[step]}`;
  const type = step.slice("mount.".length);
  const ruleset = step === "mount.devfs" ? [`-oruleset=${jail.text("devfs_ruleset") ?? "4"}`] : [];
  return {
    argv: down ? ["/sbin/umount", path] : ["/sbin/mount", "-t", type, ...ruleset, ".", path],
    background: false,
    inJail: false,
    target: { parameter: step, path, mounted: down ? type : undefined },
  };
}

/** jail(8) asks zfs(8) by a shell whether the dataset may be given away, and goes on where it may not. */
function datasetScript(dataset: string, jid: string): string {
  const say = (text: string): string => `echo error, ${text}`;
  const attach = `/sbin/zfs jail ${jid} ${dataset} || ${say(`attaching ${dataset} to jail ${jid} failed`)}`;
  const refuse = say(`you need to set jailed=on for dataset ${dataset}`);
  return `if [ $(/sbin/zfs get -H -o value jailed ${dataset}) = on ]; then ${attach}; else ${refuse}; fi`;
}

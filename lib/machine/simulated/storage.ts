import { fail, findJail, ok, type ProgramAnswer, type ProgramWorld } from "./answer.js";
import { addMount, removeMount } from "./mount.js";

/** The simulated zfs(8): properties of datasets, and whose they are. */
export function zfs(args: readonly string[], view: ProgramWorld): ProgramAnswer {
  const [verb, ...rest] = args;
  const named = (name: string | undefined) => view.world.datasets.find((dataset) => dataset.name === name);
  const missing = (name: string | undefined) => fail(`cannot open '${name ?? ""}': dataset does not exist`);
  const operands = rest.filter((word) => !word.startsWith("-"));
  switch (verb) {
    case "get": {
      // get -H -o value PROPERTY DATASET
      const [, property, name] = operands;
      const dataset = named(name);
      if (dataset === undefined) return missing(name);
      const values: Record<string, string> = {
        jailed: dataset.jailed ? "on" : "off",
        mountpoint: dataset.mountpoint,
        mounted: view.world.mounts.some((mount) => mount.source === dataset.name) ? "yes" : "no",
      };
      const value = property === undefined ? undefined : values[property];
      return value === undefined
        ? fail(`bad property list: invalid property '${property ?? ""}'`, 2)
        : ok(`${value}\n`);
    }
    case "list":
      return ok(view.world.datasets.map((dataset) => `${dataset.name}\n`).join(""));
    case "jail":
    case "unjail": {
      const [word = "", name] = operands;
      const jail = findJail(view.jails, word);
      if (typeof jail === "string") return fail(`cannot ${verb} '${name ?? ""}': ${jail}`);
      const dataset = named(name);
      if (dataset === undefined) return missing(name);
      if (verb === "jail") {
        if (!dataset.jailed)
          return fail(`cannot jail '${dataset.name}': operation not applicable to datasets of this type`);
        if (dataset.jid !== 0) return fail(`cannot jail '${dataset.name}': dataset already exists`);
        dataset.jid = jail.jid;
      } else {
        if (dataset.jid !== jail.jid) return fail(`cannot unjail '${dataset.name}': dataset does not exist`);
        dataset.jid = 0;
      }
      return ok();
    }
    case "mount": {
      const dataset = named(operands[0]);
      if (dataset === undefined) return missing(operands[0]);
      const made = addMount(view, "zfs", dataset.name, dataset.mountpoint, []);
      return "code" in made ? fail(`cannot mount '${dataset.name}': ${made.message}`) : ok();
    }
    case "unmount":
    case "umount": {
      const word = operands[0] ?? "";
      const mount = view.world.mounts.findLast((entry) => entry.source === word || entry.target === word);
      if (mount === undefined) return fail(`cannot unmount '${word}': not currently mounted`);
      return removeMount(view, mount, rest.includes("-f"))
        ? fail(`cannot unmount '${mount.target}': pool or dataset is busy`)
        : ok();
    }
    default:
      return fail(`unrecognized command '${verb ?? ""}'`, 2);
  }
}

/** The simulated devfs(8): rulesets. */
export function devfs(args: readonly string[], view: ProgramWorld): ProgramAnswer {
  const { rulesets } = view.world;
  const words = [...args];
  if (words.shift() !== "rule") return fail("usage: devfs rule ...");
  let number = "0";
  if (words[0] === "-s") {
    number = words[1] ?? "";
    words.splice(0, 2);
  }
  const [verb, ...rest] = words;
  if (verb === "showsets") {
    return ok(
      Object.keys(rulesets)
        .sort((a, b) => Number(a) - Number(b))
        .map((key) => `${key}\n`)
        .join(""),
    );
  }
  if (verb === "show") return ok((rulesets[number] ?? []).map((rule) => `${rule.number} ${rule.text}\n`).join(""));
  if (verb === "delset") {
    delete rulesets[number];
    return ok();
  }
  if (verb !== "add") return fail(`devfs rule: unknown command: ${verb ?? ""}`);
  const own = rulesets[number] ?? [];
  const given = /^[0-9]+$/.test(rest[0] ?? "") ? Number(rest.shift()) : undefined;
  const known = new Set(["path", "type", "include", "hide", "unhide", "user", "group", "mode"]);
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as string;
    if (!known.has(word)) return fail(`devfs rule: unknown argument: ${word}`);
    if (word !== "hide" && word !== "unhide") at++;
  }
  const last = own.at(-1)?.number ?? 0;
  const rule = { number: given ?? (Math.floor(last / 100) + 1) * 100, text: rest.join(" ") };
  rulesets[number] = [...own, rule].sort((a, b) => a.number - b.number);
  return ok();
}

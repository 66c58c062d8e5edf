import { LocalMachine } from "../../../machine/local.js";
import type { Machine } from "../../../machine/machine.js";
import type { WorldJail } from "../../../machine/simulated/answer.js";
import { SimulatedMachine } from "../../../machine/simulated/machine.js";
import { mountHelperPath } from "../../../native.js";
import type { CliIo } from "../../io.js";
import type { BaseCalls } from "../calls.js";
import type { BaseKernel } from "../kernel.js";
import type { Inside } from "./inside.js";
import { NativeInside } from "./inside-native.js";
import { SimulatedInside } from "./inside-simulated.js";

/** The jails of a kernel, as the simulated machine around it sees them. */
async function worldJails(calls: BaseCalls): Promise<WorldJail[]> {
  const names = ["jid", "name", "path", "vnet", "dying"].filter((name) => calls.table.has(name));
  const rows = await calls.list(
    names.map((name) => calls.parameter(name)),
    true,
  );
  return rows.map((row) => {
    const of = (name: string) => row[names.indexOf(name)];
    return {
      jid: Number(of("jid")),
      name: String(of("name")),
      path: String(of("path")),
      vnet: of("vnet") === "new",
      dying: of("dying") === true,
    };
  });
}

/** The machine around a kernel, and what happens inside its jails. */
export function openAround(
  base: BaseKernel,
  calls: BaseCalls,
  io: CliIo,
): { readonly machine: Machine; readonly inside: Inside } {
  if (base.simulation === undefined) {
    return {
      machine: new LocalMachine({ helper: mountHelperPath() ?? "mount-helper" }),
      inside: new NativeInside(base.kernel, calls, io),
    };
  }
  const { controls, folder, commands } = base.simulation;
  const machine = new SimulatedMachine({ jails: () => worldJails(calls), state: folder, commands });
  return { machine, inside: new SimulatedInside(calls, { controls, commands }, machine, io) };
}

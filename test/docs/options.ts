/** Gives each command each option that its manual has, and one that there is not: prints those that it complained of. */
import { COMMANDS } from "../../lib/cli/commands.js";
import { MANUALS } from "../../lib/cli/manual/manual.js";
import { memoryIo } from "../unit/cli/memory-io.js";

const UNKNOWN = "--no-such-option";

async function main(): Promise<void> {
  const refused: string[] = [];
  let asked = 0;
  for (const { name, options } of MANUALS) {
    for (const { flags, value } of options) {
      for (const flag of flags.split(", ")) {
        if (COMMANDS[name] === undefined || flag === "-h" || flag === "--help") continue;
        const io = memoryIo({ BSDJAIL_KERNEL: "simulated" });
        const verb = name === "conf" ? ["set"] : [];
        await COMMANDS[name]()([...verb, flag, ...(value === undefined ? [] : ["1"]), UNKNOWN], io);
        asked++;
        if (!io.err().includes(UNKNOWN)) refused.push(`${name} ${flag}: ${io.out()}${io.err()}`);
      }
    }
  }
  console.log(JSON.stringify({ asked, refused }));
}

void main();

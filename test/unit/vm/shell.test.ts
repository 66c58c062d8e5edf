import { describe, expect, it } from "vitest";
import { commandLine, quoted } from "../../../scripts/vm/console/quote.js";
import { CommandOverrun, ConsoleShell, LONGEST_LINE } from "../../../scripts/vm/console/shell.js";
import { VmError } from "../../../scripts/vm/errors.js";
import { Waits } from "../../../scripts/vm/waits.js";
import { type Mischief, shellConsole } from "./fake-console.js";

const { signal } = new AbortController();
/** Long enough for a loaded machine; where a test is about a limit it sets a short one. */
const waits = new Waits({ shell: 20 });
const impatient = new Waits({ shell: 0.3 });

async function taken(mischief: Mischief = {}, limits = waits) {
  const { console, far } = await shellConsole(mischief);
  const shell = await ConsoleShell.take(console, limits, signal);
  const run = async (line: string, limitMs?: number) => {
    let output = "";
    const onOutput = (text: string) => {
      output += text;
    };
    return { status: await shell.run(line, { signal, limitMs, onOutput }), output: () => output };
  };
  const ask = async (line: string) => {
    const { status, output } = await run(line);
    return [status, output()];
  };
  return { shell, console, far, run, ask };
}

describe("a command over a console", () => {
  it("gives its output and its exit status, whether or not its last line ends", async () => {
    const { ask } = await taken();
    expect(await ask("echo one; echo two >&2; exit_() { return 7; }; exit_")).toEqual([7, "one\ntwo\n"]);
    expect(await ask("printf 'no newline'")).toEqual([0, "no newline"]);
    expect(await ask("printf '\\n\\n'")).toEqual([0, "\n\n"]);
    expect(await ask("true")).toEqual([0, ""]);
  });

  it("keeps to its own standard input: what is typed next is not eaten", async () => {
    const { ask } = await taken();
    expect(await ask("cat")).toEqual([0, ""]);
    expect(await ask("echo next")).toEqual([0, "next\n"]);
  });

  it("is not fooled by output that looks like a marker of another command", async () => {
    const { ask } = await taken();
    const [, output] = await ask("echo; echo 'bj0123456789E 0.'; false");
    expect(output).toBe("\nbj0123456789E 0.\n");
  });

  it("gives output on while the command runs", async () => {
    const { shell } = await taken();
    let heard: (text: string) => void = () => {};
    const first = new Promise<string>((resolve) => {
      heard = resolve;
    });
    const fifo = `/tmp/bsdjail-vmtest-${process.pid}-${Date.now()}`;
    const running = shell.run(`mkfifo ${fifo}; echo begun; read line <${fifo}; rm ${fifo}; echo "$line"`, {
      signal,
      onOutput: (text) => heard(text),
    });
    // The newline may belong to the marker, so it is held back.
    expect(await first).toBe("begun");
    const { spawnSync } = await import("node:child_process");
    spawnSync("/bin/sh", ["-c", `echo go >${fifo}`]);
    expect(await running).toBe(0);
  });

  it("asks again where a message of the kernel tore the marker", async () => {
    let torn = 0;
    const printed = (text: string) =>
      torn === 0 && /bj\w{10}E 5/.test(text)
        ? text.replace(/(bj\w{4})(\w{6}E 5)/, (_, a, b) => {
            torn++;
            return `${a}<6>lo0: link state changed to UP\n${b}`;
          })
        : text;
    const { ask } = await taken({ printed }, impatient);
    const [status] = await ask("sh -c 'exit 5'");
    expect([torn, status]).toEqual([1, 5]);
  });

  it("is heard where the first lines that were typed got lost", async () => {
    const { ask } = await taken({ loses: (_, number) => number <= 3 }, impatient);
    expect(await ask("echo here")).toEqual([0, "here\n"]);
  });

  it("refuses a line that a terminal would not take", async () => {
    const { shell } = await taken();
    await expect(shell.run("x".repeat(LONGEST_LINE + 1), { signal })).rejects.toThrow(RangeError);
    await expect(shell.run("echo a\necho b", { signal })).rejects.toThrow(RangeError);
  });

  it("says that the machine hangs where neither the command nor the shell comes back", async () => {
    const { run } = await taken({}, impatient);
    await expect(run("sleep 600", 400)).rejects.toThrow("the machine hangs");
  });

  it("tells an overrun from a hang: the shell answers after the interrupt", async () => {
    const { shell, far } = await taken({}, impatient);
    // The terminal's interrupt, which a pipe has not.
    far.on("data", (text: string) => {
      if (text.includes("\x03")) release();
    });
    const fifo = `/tmp/bsdjail-vmtest-${process.pid}-${Date.now()}`;
    const { writeFileSync, rmSync } = await import("node:fs");
    const release = () => writeFileSync(fifo, "");
    try {
      const running = shell.run(`until [ -e ${fifo} ]; do sleep 0.05; done`, { signal, limitMs: 300 });
      await expect(running).rejects.toThrow(CommandOverrun);
    } finally {
      rmSync(fifo, { force: true });
    }
  });

  it("reports the kernel's panic, and the end of the machine", async () => {
    for (const [printed, message] of [
      ["panic: page fault\r\ncpuid = 1\r\ntime = 1\r\nKDB: enter: panic\r\ndb> ", "the kernel panicked: page fault"],
      [undefined, "the machine ended while a command ran"],
    ] as const) {
      const { far, shell } = await taken({}, impatient);
      let heard: () => void = () => {};
      const begun = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const end = expect(shell.run("echo begun; sleep 600", { signal, onOutput: heard })).rejects.toThrow(message);
      await begun;
      if (printed === undefined) far.destroy();
      else far.write(printed);
      await end;
    }
  });

  it("goes on where a command merely prints the words of a panic", async () => {
    const { ask } = await taken({}, impatient);
    const [status, output] = await ask("printf 'panic: in a log\\ncpuid = 0\\n'; sleep 1; echo on");
    expect([status, output]).toEqual([0, "panic: in a log\ncpuid = 0\non\n"]);
  });

  it("fails with the wait's name where no shell answers", async () => {
    const { console } = await shellConsole({ loses: () => true });
    const failure = ConsoleShell.take(console, new Waits({ shell: 0.05 }), signal).catch((error: unknown) => error);
    const error = (await failure) as VmError;
    expect(error).toBeInstanceOf(VmError);
    expect(error.hint).toContain("--wait shell=SECONDS");
  });

  it("ends with the signal that aborts it", async () => {
    const { shell } = await taken();
    const controller = new AbortController();
    const running = shell.run("sleep 600", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
  });
});

describe("words for sh(1)", () => {
  it("are read back as they were", async () => {
    const { ask } = await taken();
    const words = ["a b", "it's", "$HOME", "`id`", "*", "\\", '"', "", "!x", "ä"];
    const [, output] = await ask(`printf '%s|' ${words.map(quoted).join(" ")}`);
    expect(output).toBe(`${words.join("|")}|`);
  });

  it("make a command with its folder and variables", async () => {
    const { ask } = await taken();
    expect(await ask(commandLine(["sh", "-c", 'echo "$A in $PWD"'], { A: "1 2" }, "/"))).toEqual([0, "1 2 in /\n"]);
  });
});
